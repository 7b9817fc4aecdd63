//! The certificates that are trusted: Mozilla's, or those of a PEM file in their place.
//!
//! ureq skips what it cannot read in such a file. A broken entry is most likely the one that is
//! needed, so it is named here. Each section is read by itself, from its first line to that of the
//! next: so a damaged one takes no other with it, and an end and a beginning on one line, as `cat`
//! leaves them behind a file without a last newline, are two sections.

use ureq::tls::{Certificate, PemItem, parse_pem};

use super::der::is_certificate;
use crate::error::{Class, Error};

/// What each section begins with; its label follows.
const BEGIN: &str = "-----BEGIN ";

/// The certificates that the endpoint's is checked against.
#[derive(Debug)]
pub(crate) struct Roots {
    /// `None` for Mozilla's roots, which are built in.
    certificates: Option<Vec<Certificate<'static>>>,
    /// Where they come from.
    name: String,
    /// Entries of the CA file that are broken, one sentence each.
    pub(crate) warnings: Vec<String>,
}

impl Roots {
    /// Mozilla's roots.
    pub(crate) fn built_in() -> Self {
        Self {
            certificates: None,
            name: "Mozilla's, built in".to_owned(),
            warnings: Vec::new(),
        }
    }

    /// The certificates of a PEM file called `name`; keys and other sections are passed over.
    ///
    /// # Errors
    /// `NOINPUT` if it has no certificate that can be read.
    pub(crate) fn from_pem(pem: &[u8], name: &str) -> Result<Self, Error> {
        let mut certificates = Vec::new();
        let mut warnings = Vec::new();
        for (index, section) in sections(pem).into_iter().enumerate() {
            match certificate(section) {
                Some(certificate) => certificates.push(certificate),
                None => warnings.push(format!(
                    "ignored certificate {} of {name}: it is broken",
                    index + 1
                )),
            }
        }
        if certificates.is_empty() {
            return Err(Error::new(
                Class::NoInput,
                format!("no certificate in {name}"),
                "give a PEM file with lines BEGIN CERTIFICATE and END CERTIFICATE",
            ));
        }
        Ok(Self {
            certificates: Some(certificates),
            name: name.to_owned(),
            warnings,
        })
    }

    /// The certificates, unless they are those built in.
    pub(super) fn certificates(&self) -> Option<&[Certificate<'static>]> {
        self.certificates.as_deref()
    }

    /// The file that they come from, unless they are those built in.
    pub(super) fn file(&self) -> Option<&str> {
        self.certificates.as_ref().map(|_| self.name.as_str())
    }

    /// How verbose output calls them.
    pub(crate) fn describe(&self) -> String {
        match &self.certificates {
            None => self.name.clone(),
            Some(certificates) => format!("{} of {}", certificates.len(), self.name),
        }
    }
}

/// The sections that call themselves certificates, in their order.
fn sections(pem: &[u8]) -> Vec<&[u8]> {
    let marker = BEGIN.as_bytes();
    let windows = pem.windows(marker.len()).enumerate();
    let starts = windows.filter(|(_, window)| *window == marker);
    let mut sections: Vec<&[u8]> = Vec::new();
    let mut starts = starts.map(|(start, _)| start).peekable();
    while let Some(start) = starts.next() {
        let end = starts.peek().copied().unwrap_or(pem.len());
        sections.push(&pem[start..end]);
    }
    sections.retain(|section| is_labelled_certificate(&section[marker.len()..]));
    sections
}

/// Whether a label is `CERTIFICATE`, or one of the kinds that OpenSSL makes of it.
fn is_labelled_certificate(label: &[u8]) -> bool {
    let labels = [
        "CERTIFICATE-----",
        "X509 CERTIFICATE-----",
        "TRUSTED CERTIFICATE-----",
    ];
    labels.iter().any(|it| label.starts_with(it.as_bytes()))
}

/// The certificate in a section, if it can be read.
fn certificate(section: &[u8]) -> Option<Certificate<'static>> {
    match parse_pem(section).next()? {
        Ok(PemItem::Certificate(certificate)) if is_certificate(certificate.der()) => {
            Some(certificate)
        }
        _ => None,
    }
}
