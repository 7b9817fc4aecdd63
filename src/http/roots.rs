//! The certificates that are trusted: Mozilla's, or those of a PEM file in their place.
//!
//! ureq skips what it cannot read in such a file. A broken entry is most likely the one that is
//! needed, so it is named here.

use ureq::tls::{Certificate, PemItem, parse_pem};

use crate::error::{Class, Error};

/// The certificates that the endpoint's is checked against.
#[derive(Debug)]
pub(crate) struct Roots {
    /// `None` for Mozilla's roots, which are built in.
    pub(super) certificates: Option<Vec<Certificate<'static>>>,
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
        let sections = parse_pem(pem).filter(|item| !matches!(item, Ok(PemItem::PrivateKey(_))));
        for (index, section) in sections.enumerate() {
            match section {
                Ok(PemItem::Certificate(certificate)) if is_der_sequence(certificate.der()) => {
                    certificates.push(certificate);
                }
                _ => warnings.push(format!(
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

    /// How verbose output calls them.
    pub(crate) fn describe(&self) -> String {
        match &self.certificates {
            None => self.name.clone(),
            Some(certificates) => format!("{} of {}", certificates.len(), self.name),
        }
    }
}

/// Whether the bytes are one DER SEQUENCE, as every certificate is: tag, length, content.
fn is_der_sequence(der: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = der else {
        return false;
    };
    let long_form = usize::from(first & 0x7f);
    match rest.split_at_checked(if first & 0x80 == 0 { 0 } else { long_form }) {
        Some(([], content)) => content.len() == long_form,
        Some((length, content)) if length.len() <= 4 => {
            let stated = length
                .iter()
                .fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
            stated == content.len()
        }
        _ => false,
    }
}
