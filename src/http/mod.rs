//! A client for the few requests that z4jctl sends: no redirects, no proxy, a limit on time and size, and the machine's
//! own root certificates or those of a file.
//!
//! Proxy variables are not looked at: what cron sends and what a shell sends goes the same way.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::RootCertStore;
use ureq::http::{HeaderName, HeaderValue, Response, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, RequestBuilder};

use crate::error::{Error, Result};
use crate::{private_file, tls};

/// No answer that z4jctl asks for is larger, bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// A slower line than this many bytes a second is a dead one.
const SLOWEST: u64 = 64 * 1024;

/// Headers that belong to the connection, or to the client.
const RESERVED: [&str; 6] =
    ["connection", "content-length", "expect", "host", "transfer-encoding", "user-agent"];

/// The URL of a server: `https`, or `http`; without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(Uri);

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// A sentence fragment that says what is wrong with it; it repeats no part of the URL.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "it is no URL")?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return Err("it does not begin with https://");
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("it holds credentials, which everybody on this machine can see among the arguments");
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err("it names no host");
        }
        if text.contains('#') {
            return Err("it has a fragment");
        }
        Ok(Self(uri))
    }

    /// Whether nobody on the way can read or change what is sent.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Whether it never leaves this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Host and port, as they were given.
    pub fn authority(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    /// What stands behind the question mark.
    pub fn query(&self) -> Option<&str> {
        self.0.query()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Headers for a server, such as credentials. No format shows their values.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// Reads lines `Name: value`; empty ones and those with `#` in front are skipped.
    ///
    /// # Errors
    ///
    /// A sentence fragment with the number of the line and nothing of what is in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut headers = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fail = |reason: &str| format!("line {}: {reason}", number + 1);
            let (name, value) = line.split_once(':').ok_or_else(|| fail("expected `Name: value`"))?;
            let name: HeaderName = name.trim().parse().map_err(|_| fail("that is no name of a header"))?;
            if RESERVED.contains(&name.as_str()) {
                return Err(fail("z4jctl sets this header itself"));
            }
            let mut value: HeaderValue =
                value.trim().parse().map_err(|_| fail("a header cannot have this value"))?;
            value.set_sensitive(true);
            headers.push((name, value));
        }
        if headers.is_empty() { Err("it holds no header".into()) } else { Ok(Self(headers)) }
    }

    /// Reads a file that only its owner and group may read.
    ///
    /// # Errors
    ///
    /// `Secret` when it cannot be used.
    pub fn read(path: &Path) -> Result<Self> {
        let fail = |reason: &dyn fmt::Display| {
            Error::secret(
                "http.header-file",
                format!("cannot use the headers in {}: {reason}", path.display()),
            )
            .hint("one `Name: value` a line, such as `Authorization: Bearer …`, in a file of mode 600")
        };
        let text = private_file::read(path).map_err(|reason| fail(&reason))?;
        Self::parse(&text).map_err(|reason| fail(&reason))
    }
}

impl Headers {
    fn add<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        self.0.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

/// How to reach servers.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// PEM file with the only authorities to trust; the machine's own when there is none.
    pub authorities: Option<PathBuf>,
    /// How long a request may take, large bodies longer; no limit when zero.
    pub timeout: Duration,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`, when there is one.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer, when its status says that the request was done.
    ///
    /// # Errors
    ///
    /// A sentence fragment with the status.
    pub fn success(self) -> Result<Self, String> {
        match self.status {
            200..=299 => Ok(self),
            300..=399 => {
                Err(format!("it answered with status {}, and redirects are not followed", self.status))
            }
            status => Err(format!("it answered with status {status}")),
        }
    }
}

/// A client.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    timeout: Duration,
}

impl Client {
    /// A client. The roots are read only when one of the servers is reached by TLS.
    ///
    /// # Errors
    ///
    /// `Unreachable` when there is no usable root certificate.
    pub fn new(options: &ClientOptions, is_encrypted: bool) -> Result<Self> {
        let certificates = match &options.authorities {
            _ if !is_encrypted => Vec::new(),
            None => tls::system_roots(),
            Some(path) => tls::certificates(path).map_err(|reason| no_roots(&path.display(), &reason))?,
        };
        let mut roots = RootCertStore::empty();
        if is_encrypted && roots.add_parsable_certificates(certificates.iter().cloned()).0 == 0 {
            return Err(no_roots(&"this machine", &"none was found"));
        }
        let roots: Vec<_> = certificates.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .unversioned_rustls_crypto_provider(tls::provider())
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("z4jctl/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self { agent, timeout: options.timeout })
    }

    /// Stores a body under a name below a URL that ends with a slash.
    ///
    /// # Errors
    ///
    /// A sentence fragment when there is no answer; an answer of any status is none.
    pub fn put(&self, below: &Url, name: &str, headers: &Headers, body: &[u8]) -> Result<Answer, String> {
        let request = self.agent.put(format!("{below}{name}")).content_type("application/octet-stream");
        let limit = self.limit(body.len());
        let sent = headers.add(request).config().timeout_global(limit).build().send(body);
        answer(sent, limit, MAX_ANSWER)
    }

    /// Reads what is under a name below a URL that ends with a slash, up to a number of bytes.
    ///
    /// # Errors
    ///
    /// A sentence fragment when there is no answer, or a longer one; an answer of any status is none.
    pub fn get(&self, below: &Url, name: &str, headers: &Headers, most: usize) -> Result<Answer, String> {
        let limit = self.limit(most);
        let request = headers.add(self.agent.get(format!("{below}{name}")));
        answer(request.config().timeout_global(limit).build().call(), limit, most as u64)
    }

    /// Posts a body, and reads the answer.
    ///
    /// # Errors
    ///
    /// A sentence fragment when there is no answer; an answer of any status is none.
    pub fn post(&self, url: &Url, content_type: &str, body: &[u8]) -> Result<Answer, String> {
        let limit = self.limit(body.len());
        let request = self.agent.post(&url.0).content_type(content_type);
        answer(request.config().timeout_global(limit).build().send(body), limit, MAX_ANSWER)
    }

    fn limit(&self, bytes: usize) -> Option<Duration> {
        let more = Duration::from_secs(bytes as u64 / SLOWEST);
        (!self.timeout.is_zero()).then(|| self.timeout.saturating_add(more))
    }
}

fn no_roots(place: &dyn fmt::Display, reason: &dyn fmt::Display) -> Error {
    Error::unreachable("http.no-root-certificate", format!("no root certificate from {place}: {reason}"))
        .hint("give --ca FILE, a PEM file with the authority that signed the server's certificate")
}

fn answer(
    response: Result<Response<Body>, ureq::Error>,
    limit: Option<Duration>,
    most: u64,
) -> Result<Answer, String> {
    let said = |error: ureq::Error| match error {
        ureq::Error::Timeout(_) => {
            format!("it did not answer within {} s", limit.unwrap_or_default().as_secs_f32())
        }
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::BodyExceedsLimit(limit) => format!("its answer has more than {limit} bytes"),
        error => error.to_string(),
    };
    let mut response = response.map_err(said)?;
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.map(str::to_owned);
    let body = response.body_mut().with_config().limit(most).read_to_vec().map_err(said)?;
    Ok(Answer { status: response.status().as_u16(), content_type, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_urls_of_servers_are_taken() {
        for text in
            ["https://a.example/x/", "https://a.example:8443/", "http://[::1]:80/x/", "https://a/?q=1"]
        {
            assert_eq!(Url::parse(text).map(|url| url.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "a", "/x/", "ftp://a/", "https://", "https://u:p@a/", "https://u@a/", "https://a/#x"]
        {
            assert!(Url::parse(text).is_err(), "{text}");
        }
        let is_loopback = |text| Url::parse(text).unwrap().is_loopback();
        assert!(["http://localhost/", "http://127.0.0.9:1/", "http://[::1]/"].into_iter().all(is_loopback));
        assert!(!["http://localhost.example/", "http://128.0.0.1/"].into_iter().any(is_loopback));
    }

    #[test]
    fn headers_are_read_and_never_shown() {
        let headers = Headers::parse("# mine\n\nAuthorization: Bearer s3cret\nX-Y: z\n").unwrap();
        assert_eq!(headers.0.len(), 2);
        assert!(!format!("{headers:?}").contains("s3cret"));
        for (text, line) in [
            ("s3cret", "line 1"),
            ("A: b\nHost: s3cret", "line 2"),
            ("A b: s3cret", "line 1"),
            ("A: s3cret\x07", "line 1"),
        ] {
            let said = Headers::parse(text).unwrap_err();
            assert!(said.starts_with(line) && !said.contains("s3cret"), "{text}: {said}");
        }
        assert!(Headers::parse("\n").is_err());
    }
}
