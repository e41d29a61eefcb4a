//! Reading along with what a client sends, to know where in a request it is.

use std::mem::MaybeUninit;

use actix_http::{
    ConnectionType, Request, Response, ServiceConfig,
    body::BodySize,
    error::ParseError,
    h1::{Codec, Message, MessageType},
};
use actix_web::{
    http::{StatusCode, header},
    web::BytesMut,
};
use tokio_util::codec::{Decoder, Encoder};

/// Decodes the bytes of a connection one step ahead of the server's dispatcher, and with its decoder: the two
/// cannot disagree on where a request ends.
pub struct RequestScanner {
    config: ServiceConfig,
    codec: Codec,
    has_head: bool,
    in_body: bool,
}

/// What is to be done with bytes that came in.
pub struct Scanned {
    /// So many of them belong to a request; the rest is a head that is not complete, the next request, or a fault.
    pub complete: usize,
    pub fault: Option<Fault>,
}

impl Scanned {
    fn whole(complete: usize) -> Self {
        Self {
            complete,
            fault: None,
        }
    }
}

/// Nothing that a client sends can be understood from here on.
pub enum Fault {
    /// No request begins here: the refusal.
    Head(StatusCode),
    /// The request was begun already; its handler refuses the body that breaks off.
    Body,
}

impl RequestScanner {
    pub fn new(config: ServiceConfig) -> Self {
        Self {
            codec: Codec::new(config.clone()),
            config,
            has_head: false,
            in_body: false,
        }
    }

    /// Whether any request has begun.
    pub fn has_head(&self) -> bool {
        self.has_head
    }

    /// Whether the end of a request's body is still to come.
    pub fn in_body(&self) -> bool {
        self.in_body
    }

    /// Takes bytes that begin where the complete ones of the last call ended, and looks no further than to the end
    /// of a request. Demands for another protocol are blanked out.
    pub fn scan(&mut self, bytes: &mut [u8]) -> Scanned {
        if !self.in_body
            && let Some(length) = plain_request(bytes)
        {
            self.has_head = true;
            return Scanned::whole(length);
        }
        let mut rest = BytesMut::from(&*bytes);
        loop {
            let before = bytes.len() - rest.len();
            let decoded = self.codec.decode(&mut rest);
            let complete = bytes.len() - rest.len();
            match decoded {
                Ok(Some(Message::Item(request))) => {
                    if asks_for_upgrade(&request) {
                        let (head, _) = bytes.split_at_mut(complete);
                        blank_upgrade(head);
                        self.decode_anew(head);
                    }
                    self.has_head = true;
                    self.in_body = self.codec.message_type() != MessageType::None;
                }
                Ok(Some(Message::Chunk(chunk))) => self.in_body = chunk.is_some(),
                Ok(None) => return Scanned::whole(complete),
                Err(error) => {
                    return Scanned {
                        complete: before,
                        fault: Some(self.fault(&error)),
                    };
                }
            }
            if !self.in_body {
                return Scanned::whole(complete);
            }
        }
    }

    /// The decoder took this head for one of another protocol.
    fn decode_anew(&mut self, head: &[u8]) {
        self.codec = Codec::new(self.config.clone());
        let decoded = self.codec.decode(&mut BytesMut::from(head));
        debug_assert!(matches!(decoded, Ok(Some(Message::Item(_)))));
    }

    fn fault(&self, error: &ParseError) -> Fault {
        match error {
            _ if self.in_body => Fault::Body,
            ParseError::TooLarge => Fault::Head(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            _ => Fault::Head(StatusCode::BAD_REQUEST),
        }
    }

    /// The last answer of a connection, to what is no request.
    pub fn refusal(&self, status: StatusCode) -> BytesMut {
        let mut response = Response::with_body(status, ());
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
        let mut text = BytesMut::new();
        let message = Message::Item((response, BodySize::Sized(0)));
        // Writing to memory cannot fail.
        let _written = Codec::new(self.config.clone()).encode(message, &mut text);
        text
    }
}

/// The length of a request that has no body and asks for nothing of its connection, as most reads are: it is found
/// without the cost of a decoder. `None` where only that can tell.
fn plain_request(bytes: &[u8]) -> Option<usize> {
    let mut headers = [const { MaybeUninit::uninit() }; 32];
    let mut request = httparse::Request::new(&mut []);
    let parsed = request.parse_with_uninit_headers(bytes, &mut headers);
    let Ok(httparse::Status::Complete(length)) = parsed else {
        return None;
    };
    let is_plain = |path: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"/?&=-._~%,:+".contains(&byte);
        path.starts_with('/') && path.len() < 1024 && path.bytes().all(known)
    };
    if request.version != Some(1) || !request.path.is_some_and(is_plain) {
        return None;
    }
    let mut hosts = 0;
    for header in request.headers.iter() {
        let is_named = |name: &str| header.name.eq_ignore_ascii_case(name);
        hosts += usize::from(is_named("host"));
        if is_named("content-length") || is_named("transfer-encoding") || is_named("upgrade") {
            return None;
        }
        if is_named("connection") && !header.value.eq_ignore_ascii_case(b"keep-alive") {
            return None;
        }
    }
    (hosts == 1).then_some(length)
}

fn asks_for_upgrade(request: &Request) -> bool {
    let mut protocols = request.head().headers.get_all(header::UPGRADE);
    request.head().connection_type() == ConnectionType::Upgrade
        || protocols.any(|protocol| !protocol.is_empty())
}

/// A server may ignore what a client would rather speak (RFC 9110 section 7.8). actix cannot: it takes what
/// follows for another protocol, and closes the connection after its answer. So it gets blanks in the
/// place of each `Upgrade` and of its name in `Connection`.
fn blank_upgrade(head: &mut [u8]) {
    for line in head.split_mut(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at_mut(colon);
        let (_, value) = value.split_at_mut(1);
        if name.eq_ignore_ascii_case(b"upgrade") {
            trim(value).fill(b' ');
        } else if name.eq_ignore_ascii_case(b"connection") {
            for option in value.split_mut(|byte| *byte == b',') {
                let option = trim(option);
                if option.eq_ignore_ascii_case(b"upgrade") {
                    option.fill(b' ');
                }
            }
        }
    }
}

/// Without blanks at its ends.
fn trim(text: &mut [u8]) -> &mut [u8] {
    let begin = text.len() - text.trim_ascii_start().len();
    let end = begin + text.trim_ascii().len();
    text.get_mut(begin..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the dispatcher gets of `text` where it comes in pieces, and the scanner afterwards.
    fn passed(text: &str, cuts: &[usize]) -> (String, RequestScanner) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut scanner = RequestScanner::new(ServiceConfig::default());
        let (mut held, mut passed) = (Vec::new(), Vec::new());
        for piece in cuts.windows(2) {
            held.extend_from_slice(&text.as_bytes()[piece[0]..piece[1]]);
            // One request after the other.
            loop {
                let scanned = scanner.scan(&mut held);
                assert!(scanned.fault.is_none(), "{text:?}");
                passed.extend(held.drain(..scanned.complete));
                if scanned.complete == 0 {
                    break;
                }
            }
        }
        assert!(held.is_empty(), "{text:?} is whole");
        (String::from_utf8(passed).unwrap(), scanner)
    }

    fn request() -> impl Strategy<Value = String> {
        let headers = "(X-Upgrade: h2c\r\n)?(Connection: (close|keep-alive|x-upgrade)\r\n)?";
        let text = "(Upgrade: h2c|[a-zé\r\n:]){0,20}";
        let length = text.prop_map(|t| format!("Content-Length: {}\r\n\r\n{t}", t.len()));
        let chunks = proptest::collection::vec(text, 0..4).prop_map(|chunks| {
            let chunks = chunks.iter().filter(|chunk| !chunk.is_empty());
            let chunks: String = chunks
                .map(|t| format!("{:x}\r\n{t}\r\n", t.len()))
                .collect();
            format!("Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
        });
        let rest = prop_oneof![Just("\r\n".to_owned()), length, chunks];
        (headers, rest).prop_map(|(h, rest)| format!("GET / HTTP/1.1\r\nHost: a\r\n{h}{rest}"))
    }

    #[actix_web::test]
    async fn what_asks_for_no_other_protocol_passes_unchanged() {
        proptest!(|(
            requests in proptest::collection::vec(request(), 1..4),
            cuts in any::<Vec<usize>>(),
        )| {
            let text = requests.concat();
            let (passed, scanner) = passed(&text, &cuts);
            prop_assert_eq!(passed, text);
            prop_assert!(scanner.has_head() && !scanner.in_body());
        });
    }

    #[actix_web::test]
    async fn a_demand_for_another_protocol_is_blanked_out() {
        for (headers, left) in [
            ("Connection: Upgrade", "Connection:        "),
            ("Connection: a, UPGRADE,b", "Connection: a,        ,b"),
            ("connection:upgrade", "connection:       "),
            ("Connection: upgrades", "Connection: upgrades"),
            ("Upgrade: websocket", "Upgrade:          "),
            ("UPGRADE:a, b", "UPGRADE:    "),
            (
                "Upgrade-Insecure-Requests: 1",
                "Upgrade-Insecure-Requests: 1",
            ),
        ] {
            let request = |headers: &str| {
                format!(
                    "POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\nContent-Length: 7\r\n\r\nUpgrade"
                )
            };
            let text = request(headers);
            for cuts in [&[][..], &[30, 61]] {
                let (passed, scanner) = passed(&text.repeat(2), cuts);
                assert_eq!(passed, request(left).repeat(2));
                assert!(!scanner.in_body());
            }
        }
    }

    #[actix_web::test]
    async fn a_fault_is_of_the_head_or_of_the_body() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\n";
        let chunked = format!("{get}Transfer-Encoding: chunked\r\n\r\n");
        for (before, text, is_body) in [
            (String::new(), "nonsense\r\n\r\n", false),
            (String::new(), "GET /\r\n\r\n", false),
            (format!("{chunked}1\r\nx"), "\r\nx", true),
        ] {
            let mut scanner = RequestScanner::new(ServiceConfig::default());
            let scanned = scanner.scan(format!("{before}{text}").into_bytes().as_mut());
            assert_eq!(scanned.complete, before.len());
            assert_eq!(matches!(scanned.fault, Some(Fault::Body)), is_body);
        }
    }

    #[actix_web::test]
    async fn what_is_found_plain_is_so_to_the_decoder() {
        let line = "(GET|HEAD|CONNECT|P[A-Z]{0,5}) [/a:?\"<{#\\\\é ]{0,6} HTTP/1.[01]\r\n";
        let name = "(Host|host|Content-Length|Connection|Upgrade|Expect|X)";
        let header = proptest::collection::vec(
            (name, "(| ?keep-alive|0|1|close|websocket|a b)")
                .prop_map(|(n, v)| format!("{n}:{v}\r\n")),
            0..5,
        );
        proptest!(|(line in line, headers in header, rest in "[a\r\n]{0,4}")| {
            let text = format!("{line}{}\r\n{rest}", headers.concat());
            if let Some(length) = plain_request(text.as_bytes()) {
                let mut codec = Codec::new(ServiceConfig::default());
                let mut left = BytesMut::from(text.as_str());
                let decoded = codec.decode(&mut left).unwrap();
                let Some(Message::Item(request)) = decoded else { panic!("{text:?}") };
                prop_assert_eq!(text.len() - left.len(), length);
                prop_assert_eq!(codec.message_type(), MessageType::None);
                prop_assert!(!asks_for_upgrade(&request));
            }
        });
    }
}
