//! What happened in a brain that never was: one event after the other, drawn from a seed.

use z4jctl::format::Id;

/// `SplitMix64`: small, the same on every machine and for ever, which no crate promises.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; that it is a little uneven does not matter here.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let length = u64::try_from(choices.len()).unwrap_or(u64::MAX);
        usize::try_from(self.below(length)).ok().and_then(|index| choices.get(index))
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.pick(words).copied().unwrap_or_default()
    }

    /// A version 4 UUID.
    pub(super) fn id(&mut self) -> Id {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Id::from_bytes(bytes)
    }
}

/// Who and what exists in the fixture: foreign keys lead there.
#[derive(Debug, Clone, Default)]
pub(super) struct Cast {
    pub(super) users: Vec<Id>,
    pub(super) projects: Vec<Id>,
    pub(super) api_keys: Vec<Id>,
}

/// One event, before it has a place in a chain.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Id,
    pub(super) action: &'static str,
    pub(super) target_type: &'static str,
    pub(super) target_id: Option<String>,
    pub(super) result: &'static str,
    pub(super) outcome: &'static str,
    pub(super) event_id: Option<Id>,
    pub(super) user_id: Option<Id>,
    pub(super) project_id: Option<Id>,
    pub(super) api_key_id: Option<Id>,
    pub(super) source_ip: Option<String>,
    pub(super) user_agent: Option<&'static str>,
    /// JSON text as Python prints it: `", "`, `": "`, everything beyond ASCII escaped.
    pub(super) metadata: String,
}

const USER_AGENTS: [&str; 6] = [
    "python-httpx/0.28.1",
    "z4j-agent/1.13.0 (CPython 3.12.7; Linux x86_64)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "curl/8.14.1",
];
const PEOPLE: [&str; 5] = ["admin", "operator", "viewer", "ops-oncall", "j.m\\u00fcller"];
const ROLES: [&str; 4] = ["viewer", "operator", "admin", "auditor"];
const SCHEDULES: [&str; 6] = [
    "nightly-report",
    "R\\u00e9conciliation des paiements",
    "\\u591c\\u9593\\u30d0\\u30c3\\u30c1",
    "cleanup \\ud83e\\uddf9 sessions",
    "hourly \\\"sync\\\" to C:\\\\export",
    "\\u041e\\u0442\\u0447\\u0451\\u0442",
];
const QUEUES: [&str; 4] = ["default", "high-priority", "emails", "reports.eu"];
const CRONS: [&str; 4] = ["*/5 * * * *", "0 3 * * *", "15 */2 * * 1-5", "@daily"];

/// Draws the next event. `floats` only where the database keeps them: `jsonb` rewrites some.
pub(super) fn draw(random: &mut Random, cast: &Cast, floats: bool) -> Entry {
    let mut entry = Entry {
        id: random.id(),
        action: "",
        target_type: "",
        target_id: Some(random.id().to_string()),
        result: "success",
        outcome: "allow",
        event_id: random.percent(40).then(|| random.id()),
        user_id: random.percent(75).then(|| random.pick(&cast.users).copied()).flatten(),
        project_id: random.percent(50).then(|| random.pick(&cast.projects).copied()).flatten(),
        api_key_id: random.percent(6).then(|| random.pick(&cast.api_keys).copied()).flatten(),
        source_ip: random.percent(92).then(|| source_ip(random)),
        user_agent: random.percent(35).then(|| random.word(&USER_AGENTS)),
        metadata: String::new(),
    };
    (entry.action, entry.target_type, entry.metadata) = match random.below(100) {
        0..18 => ("auth.login", "user", format!(r#"{{"session_id": "{}"}}"#, random.id())),
        18..24 => {
            (entry.result, entry.outcome) = ("failed", "deny");
            let person = random.word(&PEOPLE);
            let text = format!(r#"{{"email": "{person}@example.com", "reason": "invalid_credentials"}}"#);
            ("auth.login", "user", text)
        }
        24..27 => ("agent.token.revoked", "agent", "{}".to_owned()),
        27..32 => ("membership.granted", "membership", format!(r#"{{"role": "{}"}}"#, random.word(&ROLES))),
        32..54 => ("command.issued", "command", command(random)),
        54..74 => ("schedule.updated", "schedule", schedule(random)),
        74..84 => ("agent.connected", "agent", agent(random, floats)),
        84..92 => ("api_key.created", "api_key", api_key(random)),
        _ => {
            entry.target_id = Some("payments".to_owned());
            ("audit.export", "audit_log", export(random))
        }
    };
    entry
}

fn source_ip(random: &mut Random) -> String {
    if random.percent(12) {
        // Printed the one way in which Python, PostgreSQL and Rust print it.
        let (network, host) = (1 + random.below(0xfffe), 1 + random.below(0xfffe));
        return format!("2001:db8:{network:x}::{host:x}");
    }
    format!("10.{}.{}.{}", random.below(256), random.below(256), random.below(256))
}

fn command(random: &mut Random) -> String {
    let queue = random.word(&QUEUES);
    match random.below(3) {
        0 => format!(
            r#"{{"action": "retry_task", "target": {{"task_id": "{}", "queue": "{queue}"}}}}"#,
            random.id()
        ),
        1 => {
            format!(r#"{{"action": "purge_queue", "queue": "{queue}", "count": {}}}"#, random.below(100_000))
        }
        _ => format!(
            r#"{{"action": "bulk_retry", "task_ids": ["{}", "{}"], "limit": null}}"#,
            random.id(),
            random.id()
        ),
    }
}

fn schedule(random: &mut Random) -> String {
    let enabled = random.percent(80);
    format!(
        r#"{{"name": "{}", "changes": {{"cron": ["{}", "{}"], "enabled": {enabled}}}, "revision": {}}}"#,
        random.word(&SCHEDULES),
        random.word(&CRONS),
        random.word(&CRONS),
        random.below(4000)
    )
}

fn agent(random: &mut Random, floats: bool) -> String {
    let load = if floats && random.percent(25) {
        // Both forms that Python prints: plain and with an exponent.
        let small = if random.percent(10) { "e-07" } else { "" };
        format!(r#", "load": {}.{}{small}"#, random.below(10), 1 + random.below(9))
    } else {
        String::new()
    };
    format!(
        r#"{{"host": "web-{:02}.eu-west.internal", "pid": {}, "version": "1.13.{}"{load}}}"#,
        random.below(40),
        300 + random.below(60_000),
        random.below(10)
    )
}

fn api_key(random: &mut Random) -> String {
    format!(
        r#"{{"name": "ci-{}", "scopes": ["tasks:read", "audit:read"], "project_scoped": true, "allowed_cidrs": ["10.{}.0.0/16"]}}"#,
        random.below(500),
        random.below(256)
    )
}

fn export(random: &mut Random) -> String {
    format!(
        r#"{{"format": "csv", "row_count": {}, "fields": [], "filters": {{"action_prefix": null, "outcome": "deny", "since": null}}}}"#,
        random.below(50_000)
    )
}
