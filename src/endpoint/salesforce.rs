//! Which hosts are Salesforce's, so that a document can name one of them and no other.
//!
//! The list is that of sfdx-core (`sfdcUrl.ts`), which decides the same for the Salesforce CLI, with
//! the sites of Salesforce's help ("My Domain URL formats") and the Chinese hosts that Salesforce
//! Inspector Reloaded knows (its issue 248).

/// Where Salesforce answers when neither the caller nor the document says otherwise.
pub(super) const USUAL_HOST: &str = "login.salesforce.com";

/// The same for sandboxes and scratch orgs.
const TEST_HOST: &str = "test.salesforce.com";

/// What only the names of sandboxes and scratch orgs have in them.
const SIGNS_OF_TEST: [&str; 3] = ["--", ".sandbox.", ".scratch."];

/// What the names of Salesforce's hosts end with. Where customers can choose the label in front of a
/// domain, only what is below `.my` is meant; `.my-salesforce.com` is missing, since anybody could
/// own its like.
const DOMAINS: [&str; 9] = [
    ".salesforce.com",
    ".force.com",
    ".cloudforce.com",
    ".my.site.com",
    ".my.salesforce-sites.com",
    ".salesforce.mil",
    ".crmforce.mil",
    ".sfcrmproducts.cn",
    ".sfcrmapps.cn",
];

/// The host where all orgs of the same kind as the one at this host log in.
pub(super) fn login_host(host: &str) -> &'static str {
    if SIGNS_OF_TEST.iter().any(|sign| host.contains(sign)) {
        TEST_HOST
    } else {
        USUAL_HOST
    }
}

/// Whether all orgs log in at this host.
pub(super) fn is_login_host(host: &str) -> bool {
    [USUAL_HOST, TEST_HOST].contains(&host)
}

/// Whether a host, in lower case, is below a domain of Salesforce. One with an empty label, such as a
/// dot at its end, is no name that a certificate can have.
pub(super) fn is_salesforce(host: &str) -> bool {
    let is_below = DOMAINS.iter().any(|domain| host.ends_with(domain));
    is_below && host.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_below_the_domains_are_of_salesforce() {
        for host in [
            "login.salesforce.com",
            "acme--dev.sandbox.my.salesforce.com",
            "acme.my.site.com",
            "acme.my.sfcrmproducts.cn",
        ] {
            assert!(is_salesforce(host), "{host}");
        }
    }

    #[test]
    fn sandboxes_and_scratch_orgs_log_in_at_the_test_host() {
        for host in ["acme--dev.sandbox", "acme--dev", "a-b.scratch"] {
            assert_eq!(login_host(&format!("{host}.my.salesforce.com")), TEST_HOST);
        }
        assert_eq!(login_host("acme-eu.my.salesforce.com"), USUAL_HOST);
    }

    #[test]
    fn lookalikes_and_the_domains_themselves_are_not() {
        for host in [
            "salesforce.com",
            "evilsalesforce.com",
            "a.my-salesforce.com",
            "a.site.com",
            ".salesforce.com",
            "a..my.salesforce.com",
            "a.my.salesforce.com.",
            "a.salesforce.com.evil.example",
        ] {
            assert!(!is_salesforce(host), "{host}");
        }
    }
}
