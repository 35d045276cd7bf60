//! The server with canned responses: reads a request, gives the response that belongs to its path, keeps the connection.

use std::{convert::Infallible, io::Write};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub const TOKEN: &str = r#"{"errcode":0,"errmsg":"ok","access_token":"PNPh3GLzyTvmPUDJTjWkQrhSOD6Yj0EIkk-8zlMUBxTFIYdErBkFZCSgHpU8KqvS6y8","expires_in":7200}"#;
pub const SENT: &str = r#"{"errcode":0,"errmsg":"ok","invaliduser":"","invalidparty":"","invalidtag":"","unlicenseduser":"","msgid":"dgGvUIrVdzrEoH_4ShcPsnlVhM9pTmj9mpCFbTSh8N_gqBYpTFbxGJ05VbWx-6KeTjTGnS1zTrGdLzkjmUlDw","response_code":""}"#;
const UPLOADED: &str = r#"{"errcode":0,"errmsg":"","type":"file","media_id":"1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0","created_at":"1789000100"}"#;

/// Serves for ever, on a free port that it prints first, as the simulator does.
#[tokio::main(flavor = "current_thread")]
pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stdout = std::io::stdout();
    writeln!(stdout, "WECOM_BASE_URL=http://{}", listener.local_addr().unwrap()).unwrap();
    stdout.flush().unwrap();

    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let service = service_fn(respond);
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // An error is a caller that left.
            let _ = connection.await;
        });
    }
}

async fn respond(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, mut body) = request.into_parts();
    let reply = match head.uri.path() {
        "/cgi-bin/gettoken" => TOKEN.into(),
        "/cgi-bin/message/send" => SENT.into(),
        "/cgi-bin/media/upload" => UPLOADED.into(),
        _ => Bytes::new(),
    };
    while let Some(Ok(_)) = body.frame().await {}
    let response = Response::builder().header("content-type", "application/json; charset=UTF-8");
    Ok(response.body(Full::new(reply)).unwrap())
}
