//! Timestamps of RFC 3161 from an authority of OpenSSL: accepted by OpenSSL and by z4jctl, and what is wrong is named.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{Place, grow, sign_again};
use crate::support::process::Output;
use crate::support::tsa::TimestampAuthority;
use crate::support::web::{Reply, Request, Server};
use crate::tampering::log::{Kind, Log};

/// A log of 1.13.0 that is not open.
fn log() -> Log {
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    log
}

fn granted(response: Vec<u8>) -> Reply {
    Reply::Answer(200, "Content-Type: application/timestamp-reply".into(), response)
}

/// A server of the shared authority, signing with this key.
fn server(signer: &'static str, digest: &'static str) -> Server {
    let authority = TimestampAuthority::shared();
    Server::http(move |request| granted(authority.reply(&request.body, signer, digest)))
}

impl Place {
    fn stamp(&self, log: &Log, url: &str, arguments: &[&str]) -> Output {
        self.anchor(log.z4jctl(), &[&["--timestamp", url, "--timeout", "20s"], arguments].concat())
    }

    /// A place with one anchor that has a timestamp.
    fn stamped(log: &Log) -> (Self, PathBuf) {
        let place = Self::new();
        place.stamp(log, &server("rsa", "sha256").url("/"), &[]).expect_code(0);
        let file = place.files(".tsr").remove(0);
        (place, file)
    }
}

#[test]
fn openssl_accepts_it_and_so_does_z4jctl() {
    let (authority, log) = (TimestampAuthority::shared(), log());
    for (signer, digest) in
        [("rsa", "sha256"), ("rsa", "sha384"), ("rsa", "sha512"), ("p256", "sha256"), ("p384", "sha384")]
    {
        let place = Place::new();
        let server = server(signer, digest);
        let report =
            place.stamp(&log, &server.url("/tsa"), &["--tsa-ca", &authority.root()]).expect_code(0).json();
        assert_eq!(report["timestamp"]["signature_checked"], true, "{report}");
        assert_eq!(report["timestamp"]["authority"], signer, "{report}");
        let requests = server.requests();
        assert_eq!((requests.len(), requests[0].method.as_str()), (1, "POST"));
        assert!(requests[0].headers.contains(&"content-type: application/timestamp-query".into()));
        authority.verify(&place.files(".checkpoint")[0], &place.files(".tsr")[0]).expect_code(0);

        let verified = log.verify(&["--anchors", &place.arg(), "--tsa-ca", &authority.root()]);
        assert_eq!(verified.exit(), 0, "{signer} {digest}: {}", verified.summary());
        let timestamps = &verified.json["anchors"]["timestamps"];
        assert_eq!((&timestamps["signatures"], &timestamps["count"]), (&"verified".into(), &1.into()));
        assert_eq!(timestamps["newest_time"], report["timestamp"]["time"], "{timestamps}");
        assert_eq!(timestamps["newest_size"], report["size"], "{timestamps}");
        // Nothing is called verified that was not.
        let unchecked = log.verify(&["--anchors", &place.arg()]);
        assert_eq!(unchecked.exit(), 0, "{}", unchecked.summary());
        assert_eq!(unchecked.json["anchors"]["timestamps"]["signatures"], "not-checked");
        assert!(unchecked.json["notes"].to_string().contains("its signature was not checked"));
        let human = log.z4jctl().args(["audit", "verify", "--anchors", &place.arg()]).run().expect_code(0);
        assert!(human.stdout.contains("signatures NOT checked"), "{human}");
        // Whom nobody trusts is not believed, whatever he calls himself.
        let other = TimestampAuthority::other().root();
        let doubted = log.verify(&["--anchors", &place.arg(), "--tsa-ca", &other]);
        assert_eq!(doubted.exit(), 3, "{}", doubted.summary());
        let message = doubted.finding("anchor-invalid")["message"].to_string();
        assert!(message.contains("does not lead to an authority that is trusted"), "{message}");
        assert_eq!(doubted.json["anchors"]["timestamps"]["count"], 0);
    }
}

#[test]
fn one_for_the_newest_and_one_only() {
    let mut log = log();
    let place = Place::new();
    place.anchored(&log);
    grow(&mut log);
    let server = server("rsa", "sha256");
    place.stamp(&log, &server.url("/"), &[]).expect_code(0);
    assert_eq!(place.files(".tsr"), [place.files(".checkpoint")[1].with_extension("tsr")]);
    let again = place.stamp(&log, &server.url("/"), &[]).expect_code(0).json();
    assert_eq!((&again["written"], &again["timestamp"]), (&false.into(), &Value::Null), "{again}");
    assert_eq!(server.requests().len(), 1);
    // What is said of a row that the first anchor had names the time that is proved, not only the one that is claimed.
    sign_again(&mut log, 3);
    let root = TimestampAuthority::shared().root();
    let report = log.verify(&["--anchors", &place.arg(), "--tsa-ca", &root]);
    assert_eq!(report.exit(), 1, "{}", report.summary());
    let time = report.json["anchors"]["timestamps"]["newest_time"].as_str().expect("a time").to_owned();
    let said = report.finding("re-signed")["message"].to_string();
    assert!(said.contains(&format!("(anchor 1, there at {time} by a timestamp)")), "{said}");
}

/// What an authority does, and what z4jctl says to that.
type Failure = (&'static str, &'static [&'static str], Box<dyn Fn(&Request) -> Reply + Send + Sync>);

/// The anchor stays, nothing half good is kept, and the next call makes up for it.
#[test]
fn what_is_no_timestamp_is_refused_and_asked_for_again() {
    let (authority, other) = (TimestampAuthority::shared(), TimestampAuthority::other());
    let forged = move |change: fn(&mut Vec<u8>)| {
        move |request: &Request| {
            let mut query = request.body.clone();
            change(&mut query);
            granted(authority.reply(&query, "rsa", "sha256"))
        }
    };
    let answer = |status, header: &str, body: &[u8]| {
        let reply = Reply::Answer(status, header.into(), body.to_vec());
        Box::new(move |_: &Request| reply.clone())
    };
    let checked: &[&str] = &["--tsa-ca"];
    let failures: [Failure; 14] = [
        // The imprint begins behind 04 20, the nonce ends before 01 01 ff.
        (
            "it stamped something else",
            &[],
            Box::new(forged(|query| {
                let at = query.windows(2).position(|pair| pair == [4, 32]).expect("an imprint");
                query[at + 2] ^= 1;
            })),
        ),
        (
            "it answered another request",
            &[],
            Box::new(forged(|query| {
                let at = query.len() - 4;
                query[at] ^= 1;
            })),
        ),
        ("it refused: status 2", &[], Box::new(|request| granted(authority.refuse(&request.body)))),
        (
            "(text/html) is of no use: it is no response",
            &[],
            answer(200, "Content-Type: text/html", b"<p>Hello</p>"),
        ),
        ("is of no use", &[], answer(200, "A: b", b"")),
        ("it holds no timestamp", &[], answer(200, "A: b", &[0x30, 5, 0x30, 3, 2, 1, 0])),
        ("status 500", &[], answer(500, "A: b", b"oops")),
        ("redirects are not followed", &[], answer(302, "Location: http://127.0.0.1:1/", b"")),
        ("more than 1048576 bytes", &[], answer(200, "A: b", &vec![0x30; 2 << 20])),
        ("did not answer within 0.4 s", &["--timeout", "400ms"], Box::new(|_| Reply::Stall)),
        ("no timestamp from http://127.0.0.1", &[], Box::new(|_| Reply::Cut)),
        (
            "does not lead to an authority",
            checked,
            Box::new(|request| granted(other.reply(&request.body, "rsa", "sha256"))),
        ),
        (
            "not valid at that time",
            checked,
            Box::new(|request| granted(authority.reply(&request.body, "expired", "sha256"))),
        ),
        (
            "not one for timestamps",
            checked,
            Box::new(|request| granted(authority.reply_as_web_server(&request.body))),
        ),
    ];
    let (log, good) = (log(), server("rsa", "sha256"));
    let root = authority.root();
    for (message, arguments, handler) in failures {
        let place = Place::new();
        let server = Server::http(handler);
        let arguments = if arguments == checked { vec!["--tsa-ca", &root] } else { arguments.to_vec() };
        let url = server.url("/");
        let call = [&["--timestamp", &url][..], &arguments].concat();
        let output = place.anchor(log.z4jctl(), &call).expect_code(5);
        let error = &output.json_error()["error"];
        assert_eq!(error["code"], "anchor.timestamp", "{output}");
        assert!(error["message"].as_str().is_some_and(|said| said.contains(message)), "{message}: {output}");
        let report = output.json();
        assert_eq!(
            (&report["written"], &report["ok"], &report["exit_code"]),
            (&true.into(), &false.into(), &5.into())
        );
        assert_eq!((place.files(".checkpoint").len(), place.files(".tsr").len()), (1, 0), "{output}");
        let report = place.stamp(&log, &good.url("/"), &["--tsa-ca", &root]).expect_code(0).json();
        assert_eq!(report["written"], false, "{report}");
        authority.verify(&place.files(".checkpoint")[0], &place.files(".tsr")[0]).expect_code(0);
    }
    // Nobody is there.
    let place = Place::new();
    let gone = Server::http(|_| Reply::Cut).url("/");
    let output = place.stamp(&log, &gone, &[]).expect_code(5);
    assert!(output.stderr.contains("refused") && output.stderr.contains("asks again"), "{output}");
}

#[test]
fn a_timestamp_that_was_changed_is_named() {
    let log = log();
    let root = TimestampAuthority::shared().root();
    let flipped = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    let (good, file) = Place::stamped(&log);
    let bytes = fs::read(&file).expect("read a timestamp");
    let imprint = bytes.windows(2).position(|pair| pair == [4, 32]).expect("an imprint") + 2;
    let other = fs::read(&Place::stamped(&log).1).expect("read a timestamp");
    let cases = [
        ("something else than its checkpoint", flipped(&bytes, imprint), 1),
        ("something else than its checkpoint", other, 1),
        ("it is no response of RFC 3161", b"x".to_vec(), 1),
        ("it is no response of RFC 3161", bytes[..bytes.len() - 1].to_vec(), 1),
        ("it is no response of RFC 3161", [&bytes[..], b"x"].concat(), 1),
        ("its signature does not match", flipped(&bytes, bytes.len() - 1), 0),
    ];
    for (message, changed, exit) in cases {
        fs::write(&file, changed).expect("change a timestamp");
        let unchecked = log.verify(&["--anchors", &good.arg()]);
        assert_eq!(unchecked.exit(), exit, "{message}: {}", unchecked.summary());
        let checked = log.verify(&["--anchors", &good.arg(), "--tsa-ca", &root]);
        assert_eq!(checked.exit(), 1, "{message}: {}", checked.summary());
        let said = checked.finding("anchor-invalid")["message"].to_string();
        assert!(said.contains(message), "{message}: {said}");
        // The anchors hold by themselves.
        assert_eq!(checked.json["anchors"]["verdict"], "consistent", "{}", checked.summary());
    }
    // Anchors that were taken away leave their timestamps.
    fs::write(&file, &bytes).expect("restore a timestamp");
    fs::rename(&file, good.anchors().join("0000000002-99.tsr")).expect("rename a timestamp");
    let report = log.verify(&["--anchors", &good.arg()]);
    assert_eq!(report.exit(), 1, "{}", report.summary());
    assert!(
        report.finding("anchor-invalid")["message"]
            .to_string()
            .contains("there is no 0000000002-99.checkpoint")
    );
}

/// Whatever bit is changed: what is still believed says the same.
#[test]
fn no_changed_bit_changes_what_is_believed() {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use z4jctl::format::tsp::{Response, Token};

    let authority = TimestampAuthority::shared();
    let pem = fs::read(authority.root()).expect("read a certificate");
    let roots = [CertificateDer::from_pem_slice(&pem).expect("a certificate")];
    for (signer, digest) in [("rsa", "sha256"), ("p256", "sha256")] {
        let query = z4jctl::format::tsp::request(z4jctl::format::Digest([7; 32]), [0x80; 8]);
        let good = authority.reply(&query, signer, digest);
        let believed = |bytes: &[u8]| match Response::parse(bytes) {
            Ok(Response::Granted(token)) if token.verify(&roots).is_ok() => {
                let said = |token: &Token<'_>| (token.imprint, token.time, token.has_nonce([0x80; 8]));
                Some(said(&token))
            }
            _ => None,
        };
        let said = believed(&good).expect("a timestamp that is believed");
        assert_eq!((said.0, said.2), (Some(z4jctl::format::Digest([7; 32])), true));
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1 << (at % 8);
            if let Some(other) = believed(&changed) {
                assert_eq!(other, said, "{signer}: byte {at}");
            }
            assert_eq!(believed(&good[..at]), None, "{signer}: the first {at} bytes");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let (log, place) = (log(), Place::new());
    let file = place.directory.path().join("empty.pem");
    fs::write(&file, "").expect("write a file");
    let empty = file.display().to_string();
    let server = server("rsa", "sha256");
    let url = server.url("/");
    for (arguments, code) in [
        (vec!["--timestamp", "tsa.example"], 2),
        (vec!["--timestamp", "http://u:p4ss@127.0.0.1/"], 2),
        (vec!["--timestamp", &url, "--tsa-ca", &empty], 2),
        (vec!["--timestamp", &url, "--tsa-ca", "/nowhere"], 2),
        (vec!["--timestamp", &url, "--timeout", "soon"], 2),
        (vec!["--timestamp", "https://127.0.0.1:1/", "--ca", &empty], 5),
        (vec!["--tsa-ca", &empty], 2),
        (vec!["--ca", &empty], 2),
    ] {
        let output = place.anchor(log.z4jctl(), &arguments).expect_code(code);
        assert!(!output.stderr.contains("p4ss"), "{output}");
    }
    assert_eq!((place.files(".checkpoint").len(), server.requests().len()), (0, 0));
    place.anchored(&log);
    assert_eq!(log.z4jctl().args(["audit", "verify", "--tsa-ca", &empty]).run().code, 2);
    let verify = log.z4jctl().args(["audit", "verify", "--anchors", &place.arg(), "--tsa-ca", &empty]);
    verify.run().expect_code(2);
    let nothing = log.verify(&["--anchors", &place.arg(), "--tsa-ca", &TimestampAuthority::shared().root()]);
    assert_eq!(nothing.exit(), 0, "{}", nothing.summary());
    assert!(nothing.output.stderr.contains("there is no timestamp"), "{}", nothing.output);
}
