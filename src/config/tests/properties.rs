//! Whatever the text: no panic, and no password in what is shown.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use crate::config::account::Machine;
use crate::config::files::{SECRET_ENV_KEYS, parse_secret_env};
use crate::config::pgpass::{Login, find};
use crate::config::url::{self, Address};
use crate::config::{Origin, dotenv, libpq};
use crate::context::Env;

/// What the text is shown as, whether it is accepted or refused.
fn shown(text: &str) -> String {
    let origin = Origin::environment("X");
    let mut warnings = Vec::new();
    let outcome = url::parse(text, &origin, &mut warnings).and_then(|address| match address {
        Address::Sqlite(path) => Ok(path.display().to_string()),
        Address::Postgres(parameters) => {
            let machine = Machine { user: Some("o".to_owned()), ..Machine::default() };
            let env = Env::new([], "/nowhere");
            let (target, _) = libpq::complete(parameters, &env, &machine, &mut warnings)?;
            Ok(format!("{} {target:?}", target.display()))
        }
    });
    let text = outcome.unwrap_or_else(|error| format!("{error:?}"));
    format!("{text} {warnings:?}")
}

fn prefix() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "postgresql://", "postgresql+asyncpg://", "sqlite:///", "sqlite:", "host="])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn databases_never_panic(start in prefix(), text in ".{0,60}") {
        shown(&format!("{start}{text}"));
    }

    #[test]
    fn punctuation_never_panics(start in prefix(), text in "[\\]\\[:/@?&=,%a1'\\\\ +.#-]{0,40}") {
        shown(&format!("{start}{text}"));
    }

    // Digits too: a number is the piece of a password that passes for a port.
    #[test]
    fn an_encoded_password_is_never_shown(password in "QZ[!-~é]{6,30}ZQ") {
        let encoded = utf8_percent_encode(&password, NON_ALPHANUMERIC).to_string();
        let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
        for text in [
            format!("postgresql://u:{encoded}@h/d"),
            format!("postgresql+asyncpg://u:{encoded}@h/d"),
            format!("postgresql://h/d?user=u&password={encoded}"),
            format!("host=h user=u dbname=d password='{quoted}'"),
        ] {
            let shown = shown(&text);
            prop_assert!(shown.starts_with("postgresql://u@h:5432/d "), "{shown}");
            prop_assert!(!shown.contains("QZ") && !shown.contains("ZQ"), "{shown}");
        }
    }

    // Half-encoded passwords are refused or understood; no half of them may appear.
    #[test]
    fn a_raw_password_is_never_shown(password in "QZ[!-~]{0,20}ZQ") {
        for text in [format!("postgresql://u:{password}@h/d"), format!("postgresql+asyncpg://u:{password}@h/d")] {
            let shown = shown(&text);
            prop_assert!(!shown.contains("QZ") && !shown.contains("ZQ"), "{text} as {shown}");
        }
    }

    #[test]
    fn documents_never_panic(text in "[A-Z_='\"\\\\#\\n\\r exportZ4J]{0,60}") {
        let _ = dotenv::parse(&text, "f");
        let _ = parse_secret_env(&text, &SECRET_ENV_KEYS, "f");
        let _ = find(&text, Login { host: "h", port: 1, dbname: "d", user: "u" });
    }
}
