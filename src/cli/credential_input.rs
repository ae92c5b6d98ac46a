//! A leaked credential, read from standard input: never an argument, never printed.

use std::io::{IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::format::credential::Plaintext;

/// Far longer than any credential.
const LIMIT: u64 = 4096;

/// Reads one credential; `what` names it in messages.
pub(super) fn read(what: &str) -> Result<Plaintext> {
    let fail = |reason: &str| {
        Error::usage("credential.input", format!("cannot read the {what}: {reason}"))
            .hint(format!("pipe the {what} alone into the command; it is not printed"))
    };
    let text = if std::io::stdin().is_terminal() {
        Zeroizing::new(
            rpassword::prompt_password(format!("{what} (hidden): ")).map_err(|_| fail("no answer"))?,
        )
    } else {
        let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
        std::io::stdin()
            .lock()
            .take(LIMIT)
            .read_to_end(&mut bytes)
            .map_err(|_| fail("standard input fails"))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is not valid UTF-8"))?;
        Zeroizing::new(text.to_owned())
    };
    Plaintext::parse(&text).ok_or_else(|| {
        fail("it has not the form of one: 43 characters of URL-safe base64, for an API key behind z4k_")
    })
}
