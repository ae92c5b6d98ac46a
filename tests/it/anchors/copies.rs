//! Copies of anchors by HTTPS PUT: the bytes that arrive, what is sent again, and what is never sent.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{Place, grow};
use crate::support::certificates::Authority;
use crate::support::process::Output;
use crate::support::tsa::TimestampAuthority;
use crate::support::web::{Reply, Request, Server};
use crate::tampering::log::{Kind, Log};

/// A server with TLS, and the file with the authority to trust.
struct Store {
    server: Server,
    authority: tempfile::NamedTempFile,
}

impl Store {
    fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let authority = Authority::new("Authority of a store");
        let file = tempfile::NamedTempFile::new().expect("create a temporary file");
        fs::write(file.path(), authority.pem()).expect("write a certificate");
        Self { server: Server::https(&authority.server(&["127.0.0.1"]), handler), authority: file }
    }

    fn authority(&self) -> String {
        self.authority.path().display().to_string()
    }

    fn put(&self, place: &Place, log: &Log, arguments: &[&str]) -> Output {
        let (url, authority) = (self.server.url("/z4j/"), self.authority());
        place.anchor(log.z4jctl(), &[&["--put", &url, "--ca", &authority][..], arguments].concat())
    }

    /// What it holds, as files in a directory.
    fn download(&self) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("create a temporary directory");
        for request in self.server.requests().iter().filter(|request| request.method == "PUT") {
            let name = request.path.strip_prefix("/z4j/").expect("a path below that of the store");
            fs::write(directory.path().join(name), &request.body).expect("write a file");
        }
        directory
    }
}

fn log() -> Log {
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    log
}

fn header_file(place: &Place, text: &str) -> String {
    let path = place.directory.path().join("headers");
    fs::write(&path, text).expect("write a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("protect a file");
    path.display().to_string()
}

fn paths(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[test]
fn a_copy_holds_the_same_bytes_and_verifies() {
    let store = Store::new(|_| Reply::status(201));
    let (mut log, place) = (log(), Place::new());
    let headers = header_file(&place, "# the store\nAuthorization: Bearer s3cr3t-token\n");
    let arguments = ["--put-header-file", &headers];
    let first = store.put(&place, &log, &arguments).expect_code(0);
    assert!(!format!("{first}").contains("s3cr3t"), "{first}");
    assert_eq!(first.json()["sent"][0]["stored"], 2, "{first}");
    grow(&mut log);
    let authority = TimestampAuthority::shared();
    let tsa = Server::http(move |request| {
        Reply::Answer(200, "A: b".into(), authority.reply(&request.body, "rsa", "sha256"))
    });
    store.put(&place, &log, &[&arguments[..], &["--timestamp", &tsa.url("/")]].concat()).expect_code(0);
    let again = store.put(&place, &log, &arguments).expect_code(0).json();
    assert_eq!(again["sent"][0]["stored"], 0, "{again}");

    let requests = store.server.requests();
    let ends: Vec<_> = requests.iter().filter_map(|request| request.path.rsplit('.').next()).collect();
    assert_eq!(ends, ["leaves", "checkpoint", "leaves", "checkpoint", "tsr"], "{:?}", paths(&requests));
    for request in &requests {
        assert_eq!(request.method, "PUT");
        assert!(request.headers.contains(&"authorization: Bearer s3cr3t-token".into()), "{request:?}");
        let name = request.path.rsplit('/').next().expect("a name");
        assert_eq!(request.body, fs::read(place.anchors().join(name)).expect("read a file"), "{name}");
    }
    for entry in fs::read_dir(place.anchors()).expect("list a directory") {
        let text = fs::read(entry.expect("an entry").path()).expect("read a file");
        assert!(!String::from_utf8_lossy(&text).contains("s3cr3t"));
    }
    let copy = store.download();
    let trusted = place.anchors().join("trusted-keys").display().to_string();
    let directory = copy.path().display().to_string();
    let report = log.verify(&["--anchors", &directory, "--trust", &trusted, "--tsa-ca", &authority.root()]);
    assert_eq!(report.exit(), 0, "{}", report.summary());
    assert_eq!(report.json["anchors"]["checked"], 2);
    assert_eq!(report.json["anchors"]["timestamps"]["signatures"], "verified");
    // A new place gets everything.
    let second = Store::new(|_| Reply::status(200));
    second.put(&place, &log, &[]).expect_code(0);
    assert_eq!(paths(&second.server.requests()), paths(&requests));
    assert!(!format!("{:?}", second.server.requests()).contains("s3cr3t"));
}

#[test]
fn what_was_not_stored_is_sent_again() {
    for (message, arguments, reply) in [
        ("status 403", [].as_slice(), Reply::status(403)),
        ("status 500", &[], Reply::status(500)),
        ("redirects are not followed", &[], Reply::Answer(307, "Location: /elsewhere".into(), Vec::new())),
        ("did not answer within 0.4 s", &["--timeout", "400ms"], Reply::Stall),
        ("cannot store 0000000001-", &[], Reply::Cut),
    ] {
        // The first file is stored, the next is not, until the server is well again.
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let store = Store::new(move |_| match counter.fetch_add(1, Ordering::SeqCst) {
            1 => reply.clone(),
            _ => Reply::status(200),
        });
        let (mut log, place) = (log(), Place::new());
        let output = store.put(&place, &log, arguments).expect_code(5);
        let error = &output.json_error()["error"];
        assert_eq!(error["code"], "anchor.put", "{output}");
        assert!(error["message"].to_string().contains(message), "{message}: {output}");
        assert!(error["hint"].to_string().contains("sends again"), "{output}");
        let report = output.json();
        assert_eq!((&report["written"], &report["exit_code"]), (&true.into(), &5.into()), "{report}");
        let sent = &report["sent"][0];
        assert_eq!((&sent["stored"], &sent["waiting"]), (&1.into(), &1.into()), "{report}");
        let methods: Vec<_> = store.server.requests().into_iter().map(|request| request.method).collect();
        let asked = if message.contains("answer within") || message.contains("cannot store") { 2 } else { 3 };
        assert_eq!(methods, ["PUT", "PUT", "GET"][..asked], "{output}");
        assert_eq!(place.verify(&log).exit(), 0);
        // No new row, and the rest is sent; then a new anchor.
        let report = store.put(&place, &log, &[]).expect_code(0).json();
        assert_eq!(
            (&report["written"], &report["sent"][0]["stored"]),
            (&false.into(), &1.into()),
            "{report}"
        );
        grow(&mut log);
        store.put(&place, &log, &[]).expect_code(0);
        let copy = store.download();
        let (directory, trusted) = (copy.path().display().to_string(), place.anchors().join("trusted-keys"));
        let report = log.verify(&["--anchors", &directory, "--trust", &trusted.display().to_string()]);
        assert_eq!(report.exit(), 0, "{}", report.summary());
        assert_eq!(report.json["anchors"]["checked"], 2, "{}", report.summary());
    }
}

#[test]
fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    let store = Store::new(|_| Reply::status(200));
    let (log, place) = (log(), Place::new());
    let other = tempfile::NamedTempFile::new().expect("create a temporary file");
    fs::write(other.path(), Authority::new("Authority of a store").pem()).expect("write a certificate");
    let other = other.path().display().to_string();
    let (url, named) = (store.server.url("/"), store.server.url("/").replace("127.0.0.1", "localhost"));
    for arguments in [
        ["--put", &url, "--ca", &other],
        // The right authority, another name.
        ["--put", &named, "--ca", &store.authority()],
    ] {
        let output = place.anchor(log.z4jctl(), &arguments).expect_code(5);
        assert!(output.stderr.contains("certificate"), "{output}");
    }
    // Not an authority that this machine trusts by itself; where it trusts none at all, that is what is said.
    let output = place.anchor(log.z4jctl(), &["--put", &url]).expect_code(5);
    assert!(output.stderr.contains("certificate"), "{output}");
    assert_eq!(store.server.requests().len(), 0);
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let proxy = Server::http(|_| Reply::status(200));
    let store = Server::http(|_| Reply::status(200));
    let (log, place) = (log(), Place::new());
    let mut call = log.z4jctl();
    for name in ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        call = call.env(name, proxy.url(""));
    }
    place.anchor(call, &["--put", &store.url("/")]).expect_code(0);
    assert_eq!((proxy.requests().len(), store.requests().len()), (0, 2));
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let (log, place) = (log(), Place::new());
    let second = tempfile::tempdir().expect("create a temporary directory");
    let good = header_file(&place, "Authorization: Bearer s3cr3t\n");
    let file = |name: &str, text: &str, mode: u32| {
        let path = place.directory.path().join(name);
        fs::write(&path, text).expect("write a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
        path.display().to_string()
    };
    let open = file("open", "A: s3cr3t\n", 0o644);
    let (empty, wrong) = (file("empty", "\n", 0o600), file("wrong", "Bearer s3cr3t\n", 0o600));
    let reserved = file("reserved", "Host: s3cr3t\n", 0o600);
    let (one, other) = ("http://127.0.0.1:1/", "http://127.0.0.1:2/");
    let second = second.path().display().to_string();
    for (arguments, code, error) in [
        (vec!["--put", "http://store.example/z4j/"], 2, "usage.put"),
        (vec!["--put", "https://store.example/z4j"], 2, "usage.put"),
        (vec!["--put", "https://u:s3cr3t@store.example/"], 2, "usage.put"),
        (vec!["--put", "https://store.example/?sig=s3cr3t/"], 2, "usage.put"),
        (vec!["--put", "s3://bucket/"], 2, "usage.put"),
        (vec!["--put", one, "--to", &second], 2, "usage.put"),
        (vec!["--put", one, "--put", other, "--put-header-file", &good], 2, "usage.put"),
        (vec!["--put", one, "--put-header-file", "/nowhere"], 6, "http.header-file"),
        (vec!["--put", one, "--put-header-file", &open], 6, "http.header-file"),
        (vec!["--put", one, "--put-header-file", &empty], 6, "http.header-file"),
        (vec!["--put", one, "--put-header-file", &wrong], 6, "http.header-file"),
        (vec!["--put", one, "--put-header-file", &reserved], 6, "http.header-file"),
        (vec!["--put", "https://127.0.0.1:1/", "--ca", "/nowhere"], 5, "http.no-root-certificate"),
    ] {
        let output = place.anchor(log.z4jctl(), &arguments).expect_code(code);
        assert_eq!(output.json_error()["error"]["code"], error, "{arguments:?}: {output}");
        assert!(!output.stderr.contains("s3cr3t"), "{output}");
    }
    assert_eq!(place.anchor(log.z4jctl(), &["--put-header-file", &good]).code, 2);
    assert_eq!(place.files("t").len(), 0, "nothing was written");
}

/// A journal that was damaged makes z4jctl send more, never less.
#[test]
fn a_damaged_journal_loses_nothing() {
    let store = Server::http(|_| Reply::status(200));
    let (mut log, place) = (log(), Place::new());
    let url = store.url("/");
    let put = |log: &Log| {
        place.anchor(log.z4jctl(), &["--put", &url]).expect_code(0).json()["sent"][0]["stored"].clone()
    };
    assert_eq!(put(&log), Value::from(2));
    let journal = place.anchors().join("sent");
    let text = fs::read_to_string(&journal).expect("read the journal");
    assert_eq!(text.lines().count(), 2, "{text}");
    let cut = |path: &Path, text: &str| fs::write(path, text).expect("change the journal");
    cut(&journal, &text[..text.len() - 1]);
    assert_eq!(put(&log), Value::from(1));
    fs::remove_file(&journal).expect("remove the journal");
    grow(&mut log);
    assert_eq!(put(&log), Value::from(4));
}

/// A place where nothing can be overwritten: what it has is not sent in vain for ever, and what differs is told.
#[test]
fn a_place_that_keeps_what_it_has() {
    let kept: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
    let held = Arc::clone(&kept);
    let store = Server::http(move |request| {
        let mut held = held.lock().expect("what is held");
        match (request.method.as_str(), held.get(&request.path)) {
            ("GET", Some(body)) => Reply::Answer(200, "A: b".into(), body.clone()),
            ("PUT", None) => {
                held.insert(request.path.clone(), request.body.clone());
                Reply::status(201)
            }
            ("PUT", Some(_)) => Reply::status(409),
            _ => Reply::status(404),
        }
    });
    let (mut log, place) = (log(), Place::new());
    let url = store.url("/");
    let put = |log: &Log| place.anchor(log.z4jctl(), &["--put", &url]);
    put(&log).expect_code(0);
    fs::remove_file(place.anchors().join("sent")).expect("remove the journal");
    grow(&mut log);
    let report = put(&log).expect_code(0).json();
    assert_eq!(report["sent"][0]["stored"], 4, "{report}");
    assert_eq!(kept.lock().expect("what is held").len(), 4);
    // Somebody else's file of the same name is no copy.
    fs::remove_file(place.anchors().join("sent")).expect("remove the journal");
    kept.lock().expect("what is held").values_mut().for_each(|body| body.push(b'x'));
    let output = put(&log).expect_code(5);
    assert!(output.stderr.contains("status 409"), "{output}");
}
