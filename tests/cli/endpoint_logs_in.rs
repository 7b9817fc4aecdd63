//! The endpoint lets in who does everything right, and nobody else.
//!
//! The tests of `login` conclude from a success that the program sent what it should; these show
//! that each thing left out or changed is refused.

use crate::endpoint::{Authorizing, Endpoint, Reply, browse};
use crate::endpoint_works::one_answer;

/// The verifier and the challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// See [`VERIFIER`].
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A code as an address has it.
const ENCODED_CODE: &str = "aPrxQ7rY.endpoint1_kW0zvT1uJm4%3D%3D";

/// An app without a secret, at an endpoint of its own.
fn app() -> (Authorizing, Endpoint) {
    let app = Authorizing::new("id");
    let endpoint = Endpoint::login(&app);
    (app, endpoint)
}

/// The parameters of a good address.
fn good_query(endpoint: &Endpoint) -> String {
    let callback = endpoint.callback();
    format!(
        "response_type=code&client_id=id&redirect_uri={callback}\
         &code_challenge={CHALLENGE}&code_challenge_method=S256&state=st"
    )
}

/// Where the browser lands.
fn landing(endpoint: &Endpoint, query: &str) -> String {
    let address = format!("{}/services/oauth2/authorize?{query}", endpoint.origin());
    browse(&address, &endpoint.ca_path()).unwrap()
}

/// The parameters of a good exchange.
fn good_form(endpoint: &Endpoint) -> String {
    let callback = endpoint.callback();
    format!(
        "grant_type=authorization_code&client_id=id&code={ENCODED_CODE}\
         &code_verifier={VERIFIER}&redirect_uri={callback}"
    )
}

/// What the token endpoint answers.
fn posted(endpoint: &Endpoint, form: &str) -> String {
    one_answer(endpoint, form)
}

#[test]
fn a_login_brings_a_session_that_rotates() {
    let (app, endpoint) = app();
    let callback = endpoint.callback();
    assert_eq!(
        landing(&endpoint, &good_query(&endpoint)),
        format!("{callback}?code={ENCODED_CODE}&state=st")
    );
    assert_eq!(app.codes(), ["aPrxQ7rY.endpoint1_kW0zvT1uJm4=="]);
    let reply = posted(&endpoint, &good_form(&endpoint));
    let tokens = r#"{"access_token":"00D!login-1","refresh_token":"5Aep-login-1","#;
    assert!(reply.contains(tokens), "{reply}");
    let refresh = "grant_type=refresh_token&client_id=id&refresh_token=";
    let reply = posted(&endpoint, &format!("{refresh}5Aep-login-1"));
    assert!(reply.contains(r#""refresh_token":"5Aep-1""#), "{reply}");
    let reply = posted(&endpoint, &good_form(&endpoint));
    assert!(reply.contains("expired authorization code"), "{reply}");
    let reply = posted(&endpoint, &format!("{refresh}5Aep-1"));
    assert!(reply.contains("expired access/refresh token"), "{reply}");
}

#[test]
fn a_browser_that_brings_anything_else_gets_no_code() {
    let (app, endpoint) = app();
    let callback = endpoint.callback();
    let page = format!(
        "{}/setup/secur/RemoteAccessErrorPage.apexp",
        endpoint.origin()
    );
    let cases = [
        (
            "client_id=id",
            "client_id=other",
            &page,
            "invalid_client_id",
        ),
        ("success&", "success/&", &page, "redirect_uri_mismatch"),
        ("=code&", "=token&", &callback, "unsupported_response_type"),
        (CHALLENGE, "", &callback, "invalid_request"),
        ("S256", "plain", &callback, "invalid_request"),
        ("w-cM", "w-c", &callback, "invalid_request"),
        ("w-cM", "w/cM", &callback, "invalid_request"),
        ("state=st", "state=", &callback, "invalid_request"),
    ];
    for (good, bad, page, error) in cases {
        let query = good_query(&endpoint).replace(good, bad);
        let landing = landing(&endpoint, &query);
        let start = format!("{page}?error={error}&error_description=");
        assert!(landing.starts_with(&start), "{bad}: {landing}");
    }
    assert!(app.codes().is_empty());
}

#[test]
fn a_code_is_bound_to_all_that_it_was_given_for() {
    let cases = [
        ("client_id=id", "client_id=other", "invalid_client_id"),
        (
            "client_id=id",
            "client_id=id&client_secret=s",
            "invalid_client",
        ),
        ("/success", "/other", "redirect_uri_mismatch"),
        ("dBjf", "dBjg", "invalid_grant"),
        ("endpoint1", "endpoint2", "invalid_grant"),
        ("%3D%3D", "%253D%253D", "invalid_grant"),
    ];
    for (good, bad, error) in cases {
        let (_, endpoint) = app();
        landing(&endpoint, &good_query(&endpoint));
        let form = good_form(&endpoint).replace(good, bad);
        let reply = posted(&endpoint, &form);
        let expected = format!(r#"{{"error":"{error}","#);
        assert!(reply.contains(&expected), "{bad}: {reply}");
    }
}

#[test]
fn an_app_can_have_a_secret_a_refusal_and_a_reply_of_its_own() {
    let app = Authorizing::new("id").client_secret("s");
    let app = app.replying(Reply::json(200, "{}"));
    let endpoint = Endpoint::login(&app);
    landing(&endpoint, &good_query(&endpoint));
    let reply = posted(&endpoint, &good_form(&endpoint));
    assert!(reply.contains("invalid_client"), "{reply}");
    let reply = posted(
        &endpoint,
        &format!("{}&client_secret=s", good_form(&endpoint)),
    );
    assert!(reply.ends_with("{}"), "{reply}");
    let refusing =
        Authorizing::new("id").refusing("access_denied", "end-user denied authorization");
    let endpoint = Endpoint::login(&refusing);
    let denied =
        "?error=access_denied&error_description=end-user%20denied%20authorization&state=st";
    let landing = landing(&endpoint, &good_query(&endpoint));
    assert_eq!(landing, endpoint.callback() + denied);
}
