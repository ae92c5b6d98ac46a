//! What an API key may do: `<resource>:read`, `<resource>:write` and `admin:*` (identity, section 4).

/// A permission that z4j knows.
#[derive(Debug, PartialEq, Eq)]
pub struct Scope {
    /// As it is stored in `api_keys.scopes`: `tasks:read`.
    pub name: &'static str,
    /// Whether only the key of an administrator may have it.
    pub admin_only: bool,
    /// Whether it came with automation rules, in 1.7: earlier brains refuse it.
    pub automation: bool,
}

/// The scope that satisfies every other.
pub const EVERYTHING: &str = "admin:*";

/// Every scope, in z4j's order: what reads, what writes, and [`EVERYTHING`].
pub const SCOPES: &[Scope] = &[
    open("auth:read"),
    open("home:read"),
    open("projects:read"),
    open("tasks:read"),
    open("workers:read"),
    open("queues:read"),
    open("agents:read"),
    open("commands:read"),
    open("schedules:read"),
    open("audit:read"),
    open("memberships:read"),
    open("notifications:read"),
    automation("automation:read"),
    admin("users:read"),
    open("tasks:write"),
    open("commands:write"),
    open("agents:write"),
    admin("projects:write"),
    open("memberships:write"),
    open("notifications:write"),
    automation("automation:write"),
    admin("users:write"),
    admin(EVERYTHING),
];

const fn open(name: &'static str) -> Scope {
    Scope { name, admin_only: false, automation: false }
}

const fn automation(name: &'static str) -> Scope {
    Scope { name, admin_only: false, automation: true }
}

const fn admin(name: &'static str) -> Scope {
    Scope { name, admin_only: true, automation: false }
}

/// Why a list of scopes cannot be granted. Each names every offender, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A key without scopes can do nothing.
    #[error("no scope is given; a key without scopes can do nothing")]
    None,
    /// No z4j release knows these.
    #[error("unknown scope: {}", .0.join(", "))]
    Unknown(Vec<String>),
    /// The brain is older than 1.7.
    #[error("this brain is older than 1.7 and has no automation: {}", .0.join(", "))]
    NotInThisRelease(Vec<&'static str>),
    /// The owner of the key is not an administrator.
    #[error("only an administrator's key may have: {}", .0.join(", "))]
    AdminOnly(Vec<&'static str>),
}

/// The scope of this name. Spelling is exact: z4j compares bytes.
pub fn find(name: &str) -> Option<&'static Scope> {
    SCOPES.iter().find(|scope| scope.name == name)
}

/// Checks the scopes of a key that is to be minted, and drops repetitions.
///
/// `automation` tells whether the brain is 1.7 or later, `owner_is_admin` whether the user who will own the key
/// is a global administrator.
pub fn validate<'a>(
    names: impl IntoIterator<Item = &'a str>,
    automation: bool,
    owner_is_admin: bool,
) -> Result<Vec<&'static Scope>, Refusal> {
    let (mut found, mut unknown): (Vec<&'static Scope>, Vec<String>) = (Vec::new(), Vec::new());
    for name in names {
        match find(name) {
            Some(scope) if !found.contains(&scope) => found.push(scope),
            Some(_) => {}
            None => unknown.push(name.to_owned()),
        }
    }
    if !unknown.is_empty() {
        return Err(Refusal::Unknown(unknown));
    }
    if found.is_empty() {
        return Err(Refusal::None);
    }
    let names_of = |matches: fn(&Scope) -> bool| -> Vec<&'static str> {
        found.iter().filter(|scope| matches(scope)).map(|scope| scope.name).collect()
    };
    let later = names_of(|scope| scope.automation);
    if !automation && !later.is_empty() {
        return Err(Refusal::NotInThisRelease(later));
    }
    let reserved = names_of(|scope| scope.admin_only);
    if !owner_is_admin && !reserved.is_empty() {
        return Err(Refusal::AdminOnly(reserved));
    }
    Ok(found)
}

/// Whether a key with the scope `granted` may do what needs `needed`: `admin:*` may do all, who may write may
/// read.
pub fn satisfies(granted: &str, needed: &str) -> bool {
    granted == EVERYTHING
        || granted == needed
        || needed
            .strip_suffix(":read")
            .is_some_and(|resource| granted.strip_suffix(":write").is_some_and(|other| other == resource))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn who_may_grant_what() {
        let admin_only: Vec<_> =
            SCOPES.iter().filter(|scope| scope.admin_only).map(|scope| scope.name).collect();
        assert_eq!(admin_only, ["users:read", "projects:write", "users:write", "admin:*"]);
        assert_eq!(SCOPES.iter().filter(|scope| scope.name.ends_with(":read")).count(), 14);
        assert_eq!(SCOPES.iter().filter(|scope| scope.name.ends_with(":write")).count(), 8);

        let granted = validate(["tasks:read", "agents:write", "tasks:read"], false, false).unwrap();
        assert_eq!(
            granted.iter().map(|scope| scope.name).collect::<Vec<_>>(),
            ["tasks:read", "agents:write"]
        );
        assert_eq!(validate([], true, true), Err(Refusal::None));
        assert_eq!(
            validate(["tasks:read", "Tasks:read", "queues:write"], true, true),
            Err(Refusal::Unknown(vec!["Tasks:read".into(), "queues:write".into()]))
        );
        assert_eq!(
            validate(["automation:read", "audit:read"], false, true),
            Err(Refusal::NotInThisRelease(vec!["automation:read"]))
        );
        assert_eq!(
            validate(["admin:*", "audit:read", "users:read"], true, false),
            Err(Refusal::AdminOnly(vec!["admin:*", "users:read"]))
        );
        assert!(validate(SCOPES.iter().map(|scope| scope.name), true, true).is_ok());
    }

    #[test]
    fn writing_includes_reading() {
        assert!(satisfies("tasks:write", "tasks:read"));
        assert!(satisfies("admin:*", "users:write"));
        assert!(!satisfies("tasks:read", "tasks:write"));
        assert!(!satisfies("tasks:write", "agents:read"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(names in proptest::collection::vec(any::<String>(), 0..4)) {
            let _ = validate(names.iter().map(String::as_str), true, true);
        }
    }
}
