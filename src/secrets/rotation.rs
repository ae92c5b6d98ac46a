//! `secrets plan-rotation`: what a new `Z4J_SECRET` or audit key would break on this very database, in which order to go
//! about it, and the signing secret of each project under the new secret, which z4j itself shows only when it mints a
//! token (identity-and-secrets, sections 3.2 and 12).

use serde::Serialize;

use super::count::{self, LiveAgent, LiveApiKey, OpenInvitation, OpenReset};
use super::witness::{Witness, witness};
use super::{MASTER, MASTER_PREVIOUS};
use crate::audit::rotation::{KeyList, list};
use crate::config::{KeyRing, MINIMUM_BYTES, Revealed, Secret, Settings};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::Id;
use crate::format::credential;
use crate::format::sealed::Table;
use crate::identity::find;
use crate::settings_files::audit_keys::{CURRENT as AUDIT, PREVIOUS as AUDIT_PREVIOUS};
use crate::store::generation::{Detection, Family, Generation};
use crate::store::{OpenOptions, Store};

/// What to plan.
#[derive(Debug)]
pub struct RotationOptions {
    /// How patient to be with the database.
    pub open: OpenOptions,
    /// Plan a rotation of `Z4J_SECRET`.
    pub secret: bool,
    /// Plan a rotation of the audit key.
    pub audit_key: bool,
    /// The new `Z4J_SECRET`, to derive signing secrets from.
    pub new_secret: Option<Secret>,
}

/// What becomes of one kind of thing.
#[derive(Debug, Clone, Serialize)]
pub struct Effect {
    /// What: as in `secrets check`, and `agent-signing`, `browser-sessions`, `passwords`.
    pub what: &'static str,
    /// How many.
    pub count: u64,
    /// Whether it goes on working when the old secret is listed in `Z4J_PREVIOUS_SECRETS`.
    pub survives_with_previous: bool,
    /// Whether it goes on working when it is not.
    pub survives_without: bool,
    /// One sentence.
    pub message: String,
}

/// The signing secret of a project under the new `Z4J_SECRET`.
#[derive(Debug, Clone, Serialize)]
pub struct SigningSecret {
    /// Slug of the project.
    pub project: String,
    /// Its id.
    pub project_id: Id,
    /// How many live agents need it.
    pub agents: u64,
    /// The new `Z4J_HMAC_SECRET`.
    pub hmac_secret: Revealed,
}

/// The plan for `Z4J_SECRET`.
#[derive(Debug, Clone, Serialize)]
pub struct SecretRotation {
    /// First 12 digits of the key id of the secret in force.
    pub fingerprint: String,
    /// The same of the new one, when it was given.
    pub new_fingerprint: Option<String>,
    /// Whether the secret in force is the one of this database.
    pub witness: Witness,
    /// What becomes of what.
    pub effects: Vec<Effect>,
    /// API keys that die: nothing can carry them over.
    pub api_keys: Vec<LiveApiKey>,
    /// Agents that need the new signing secret of their project.
    pub agents: Vec<LiveAgent>,
    /// Invitations that die.
    pub invitations: Vec<OpenInvitation>,
    /// Password resets that die.
    pub password_resets: Vec<OpenReset>,
    /// The signing secret of each project, when the new secret was given. This is the one place with secrets.
    pub signing_secrets: Option<Vec<SigningSecret>>,
    /// What to do, in this order.
    pub steps: Vec<String>,
}

/// The plan for the audit key.
#[derive(Debug, Clone, Serialize)]
pub struct AuditKeyRotation {
    /// The keys as they are.
    pub keys: KeyList,
    /// What to do, in this order.
    pub steps: Vec<String>,
}

/// `secrets plan-rotation`.
#[derive(Debug, Clone, Serialize)]
pub struct RotationPlan {
    /// `z4jctl.secrets.plan-rotation/1`.
    pub schema: &'static str,
    /// Exit code of the command.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Its generation.
    pub generation: Generation,
    /// The releases of that generation.
    pub releases: &'static str,
    /// The plan for `Z4J_SECRET`.
    pub secret: Option<SecretRotation>,
    /// The plan for the audit key.
    pub audit_key: Option<AuditKeyRotation>,
    /// What an operator should know.
    pub notes: Vec<String>,
}

/// Judges a new secret that an operator gives.
///
/// # Errors
///
/// `Secret` for one that z4j would refuse, that would be another one in another file, or that is known already.
pub fn judge_new_secret(secret: &Secret, master: &KeyRing) -> Result<()> {
    let refuse = |code: &'static str, text: String, hint: &str| {
        Err(Error::secret(code, text).hint(format!("{hint}; nothing was changed")))
    };
    let text = secret.text();
    if text.len() < MINIMUM_BYTES {
        return refuse(
            "secret.too-short",
            format!("the new secret is shorter than {MINIMUM_BYTES} bytes, which z4j refuses"),
            "mint one with `openssl rand -base64 48`",
        );
    }
    if text.trim() != text || text.contains(char::is_control) {
        return refuse(
            "secret.whitespace",
            "the new secret begins or ends with white space, or holds a line end or control character".into(),
            "it would be another secret in another kind of file",
        );
    }
    if master.current().is_some_and(|current| current.value == *secret) {
        return refuse(
            "secret.unchanged",
            format!("the new secret is the {MASTER} in force ({secret})"),
            "give another one",
        );
    }
    if master.previous().iter().any(|previous| previous.value == *secret) {
        return refuse(
            "secret.reused",
            format!("the new secret is one of {MASTER_PREVIOUS} ({secret})"),
            "give one that was never in use",
        );
    }
    Ok(())
}

/// Says what a rotation would do. Writes nothing.
///
/// # Errors
///
/// `Secret` without a `Z4J_SECRET` to rotate and for a new one that does not do; for an audit key those of [`list`].
pub fn plan(context: &Context, settings: &Settings, options: &RotationOptions) -> Result<RotationPlan> {
    let database = &settings.database.value;
    let (mut store, detection) = Store::read_tables(database, options.open, &context.cancel)?;
    let mut notes = Vec::new();
    let secret = if options.secret {
        Some(plan_secret(context, settings, &mut store, &detection, options, &mut notes)?)
    } else {
        None
    };
    let audit_key = if options.audit_key {
        let keys = list(context, settings, options.open)?;
        let steps = audit_key_steps(&keys);
        Some(AuditKeyRotation { keys, steps })
    } else {
        None
    };
    Ok(RotationPlan {
        schema: "z4jctl.secrets.plan-rotation/1",
        exit_code: 0,
        database: database.display(),
        generation: detection.generation,
        releases: detection.generation.releases(),
        secret,
        audit_key,
        notes,
    })
}

fn plan_secret(
    context: &Context,
    settings: &Settings,
    store: &mut Store,
    detection: &Detection,
    options: &RotationOptions,
    notes: &mut Vec<String>,
) -> Result<SecretRotation> {
    let ring = settings.master_ring()?;
    let current = settings.require_secret()?;
    if let Some(new) = &options.new_secret {
        judge_new_secret(new, ring)?;
        if new.text().contains(',') {
            notes.push(format!(
                "the new secret holds a comma: it can never be listed in {MASTER_PREVIOUS}, so the rotation after this one breaks everything"
            ));
        }
    }
    if current.value.text().contains(',') {
        notes.push(format!(
            "the {MASTER} in force holds a comma: it cannot be listed in {MASTER_PREVIOUS}, so nothing survives but what \
             survives without it"
        ));
    }
    let now = context.now();
    let agents = count::agents(store)?;
    let api_keys = count::api_keys(store, now)?;
    let invitations = count::invitations(store, now)?;
    let password_resets = count::resets(store, now)?;
    let witness = witness(store, detection, ring)?;
    if witness != Witness::Confirmed {
        notes.push(witness.explain().to_owned());
    }
    let mut effects = Effects::default();
    let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    effects.hashes(
        length(agents.len()),
        length(api_keys.len()),
        length(invitations.len()),
        length(password_resets.len()),
        count::setup_tokens(store, now)?,
    );
    let sealed = effects.sealed(store, detection, ring)?;
    effects.rows(store, detection)?;
    effects.add(
        "browser-sessions",
        count::sessions(store, now)?,
        true,
        true,
        "sessions are signed with Z4J_SESSION_SECRET and stay",
    );
    let signing_secrets = match &options.new_secret {
        None => None,
        Some(new) => Some(signing_secrets(store, new, &agents)?),
    };
    let honours_previous = detection.generation != Generation::A;
    if !honours_previous {
        notes.push(format!(
            "z4j 1.0 knows no {MASTER_PREVIOUS} (1.1 and later do): there nothing survives but sessions and passwords"
        ));
    }
    Ok(SecretRotation {
        fingerprint: current.value.fingerprint(),
        new_fingerprint: options.new_secret.as_ref().map(Secret::fingerprint),
        witness,
        effects: effects.0,
        steps: secret_steps(detection, &agents, &api_keys, sealed),
        api_keys,
        agents,
        invitations,
        password_resets,
        signing_secrets,
    })
}

#[derive(Default)]
struct Effects(Vec<Effect>);

impl Effects {
    fn add(
        &mut self,
        what: &'static str,
        count: u64,
        survives_with_previous: bool,
        survives_without: bool,
        message: &str,
    ) {
        let message = message.to_owned();
        self.0.push(Effect { what, count, survives_with_previous, survives_without, message });
    }

    /// What is found again by a hash alone.
    fn hashes(&mut self, agents: u64, api_keys: u64, invitations: u64, resets: u64, setup: u64) {
        self.add(
            "agent-tokens",
            agents,
            true,
            false,
            "with the old secret listed an agent's token is accepted; without it the connection is closed with 4401",
        );
        self.add(
            "agent-signing",
            agents,
            false,
            false,
            "the first signed frame of an agent with its old Z4J_HMAC_SECRET closes the connection with 4403: every \
             agent needs the new one of its project",
        );
        self.add("api-keys", api_keys, false, false, "answered with 401; they have to be made anew");
        self.add(
            "invitations",
            invitations,
            false,
            false,
            "answered with 404; people have to be invited again",
        );
        self.add("password-resets", resets, false, false, "void; they have to be asked for again");
        self.add(
            "setup-tokens",
            setup,
            false,
            false,
            "void; a brain without users makes another at its start",
        );
        self.add(
            "passwords",
            0,
            true,
            true,
            "passwords, recovery codes and trusted devices hang on no secret",
        );
    }

    /// What is encrypted. Gives how many values that is.
    fn sealed(&mut self, store: &mut Store, detection: &Detection, ring: &KeyRing) -> Result<u64> {
        let totp = count::totp(store, ring)?.values();
        let has_rewrap = detection.generation == Generation::H;
        self.add(
            "totp-secrets",
            totp,
            true,
            false,
            if has_rewrap {
                "with the old secret listed a code is accepted, and the value encrypted anew; without it a login with a \
                 code answers 500, unless `z4j secrets rewrap` ran before"
            } else {
                "with the old secret listed a code is accepted, and the value encrypted anew; without it a login with a \
                 code answers 500: keep it listed until everybody has logged in once"
            },
        );
        let mut channels = 0;
        for table in Table::ALL {
            channels += count::channels(store, table, ring)?.values();
        }
        self.add(
            "channels",
            channels,
            true,
            false,
            "encrypted configurations of notification channels are read with the old secret listed, and with `z4j \
             secrets rewrap` for good",
        );
        Ok(totp + channels)
    }

    fn rows(&mut self, store: &mut Store, detection: &Detection) -> Result<()> {
        let rows = count::audit_rows(store)?;
        if detection.generation.family() == Family::Active {
            self.add("audit-rows", rows, true, true, "signed with Z4J_AUDIT_CHAIN_SECRET: not affected");
        } else {
            self.add(
                "audit-rows",
                rows,
                true,
                false,
                "every row so far is signed with the old secret: without it in the list the log does not verify, and an \
                 upgrade to 1.8 parks; keep it listed until then",
            );
        }
        Ok(())
    }
}

fn signing_secrets(store: &mut Store, new: &Secret, agents: &[LiveAgent]) -> Result<Vec<SigningSecret>> {
    let all = find::projects(store)?.into_iter().map(|project| SigningSecret {
        agents: u64::try_from(agents.iter().filter(|agent| agent.project == project.slug).count())
            .unwrap_or(u64::MAX),
        hmac_secret: Revealed::new(credential::project_secret(new.expose(), project.id).expose()),
        project_id: project.id,
        project: project.slug,
    });
    Ok(all.collect())
}

fn secret_steps(
    detection: &Detection,
    agents: &[LiveAgent],
    api_keys: &[LiveApiKey],
    sealed: u64,
) -> Vec<String> {
    let is_active = detection.generation.family() == Family::Active;
    let mut steps = vec![
        "back up the database together with its secrets, and look at `z4jctl secrets check`".to_owned(),
        "mint the new secret: openssl rand -base64 48 > FILE (umask 077)".to_owned(),
    ];
    if !agents.is_empty() {
        steps.push(format!(
            "have the new signing secrets ready: `z4jctl secrets plan-rotation --new-secret-file FILE`; {} agents need them",
            agents.len()
        ));
    }
    steps.push("stop every brain".into());
    steps.push(format!(
        "put the new {MASTER} where the old one is, and the old one into {MASTER_PREVIOUS}{}",
        if is_active {
            " (in the environment or config.env: in secret.env z4j 1.8 and later refuse it)"
        } else {
            ""
        }
    ));
    if detection.generation == Generation::H && sealed > 0 {
        steps.push(format!("z4j secrets rewrap: encrypts {sealed} values under the new secret"));
    }
    steps.push("start the brains".into());
    if !agents.is_empty() {
        steps.push(
            "give every agent the new Z4J_HMAC_SECRET of its project and restart it; until then it is closed with 4403"
                .into(),
        );
    }
    if !api_keys.is_empty() {
        steps.push(format!("make {} API keys anew and give them to who uses them", api_keys.len()));
    }
    if agents.is_empty() {
        steps.push(format!("when `z4jctl secrets check` says that nothing needs it, take the old secret out of {MASTER_PREVIOUS}"));
    } else {
        steps.push(format!(
            "mint new tokens for the agents at leisure (`z4jctl token rotate`): the old secret may leave {MASTER_PREVIOUS} \
             when the last token that was hashed under it is gone{}",
            if is_active { "" } else { ", and with it the last audit row" }
        ));
    }
    steps
}

fn audit_key_steps(keys: &KeyList) -> Vec<String> {
    let mut steps =
        vec!["back up the database together with its secrets".to_owned(), "stop every brain".to_owned()];
    if keys.rotation_pending {
        steps.push("commit the rotation that is pending: z4jctl audit keys rotate".into());
    } else if keys.managed {
        steps.push("z4jctl audit keys rotate --managed: mints the key into secret.env and commits".into());
    } else {
        steps.push(format!(
            "mint a key (openssl rand -base64 48), make it {AUDIT}, and put the present one into {AUDIT_PREVIOUS}"
        ));
        steps.push("in the same environment: z4jctl audit keys rotate".into());
    }
    steps.push("z4jctl audit verify".into());
    steps.push("start the brains".into());
    steps.push(
        "when retention has removed the last row under the old key: z4jctl audit keys retire --key-id ID"
            .into(),
    );
    steps
}
