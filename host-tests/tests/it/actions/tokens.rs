use expect_test::expect;
use host_tests::{TestBed, application};
use wecom_host::bindings::exports::wecom::connector::{
    tokens::TokenScope,
    types::{Application, Error},
};

use super::check;

#[tokio::test(start_paused = true)]
async fn get_access_token() {
    let mut bed = TestBed::new();
    for (scope, expected) in [
        (
            TokenScope::Application,
            expect![[r#"
            Ok(IssuedToken { access-token: AccessToken { token: "<214 bytes>", agent-id: Some(1000002), base-url: Some("http://127.0.0.1:1") }, expires-in: 7200 })
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        "#]],
        ),
        (
            TokenScope::Contacts,
            expect![[r#"
            Ok(IssuedToken { access-token: AccessToken { token: "<214 bytes>", agent-id: Some(1000002), base-url: Some("http://127.0.0.1:1") }, expires-in: 7200 })
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        "#]],
        ),
    ] {
        let mut issued = bed.get_access_token(&application(), scope).await;
        if let Ok(it) = &mut issued {
            let length = it.access_token.token.len();
            it.access_token.token = format!("<{length} bytes>");
        }
        check(&mut bed, issued, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn issued_token_authorizes_calls() {
    let mut bed = TestBed::new();
    let issued = bed.get_access_token(&application(), TokenScope::Contacts).await.unwrap();
    assert_eq!(issued.expires_in, 7200);
    bed.requests();
    let application = Application::Token(issued.access_token);
    // An instance without any environment: the token has the address of the server.
    let mut bare = bed.second_instance(&[]);
    bare.list_department_ids(&application, None).await.unwrap();
    expect![[r#"
        GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 0
    "#]]
    .assert_eq(&bare.requests());
    let refused = bare.get_access_token(&application, TokenScope::Contacts).await;
    assert!(matches!(refused, Err(Error::PermanentInvalidInput(_))), "{refused:?}");
}
