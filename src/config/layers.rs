//! The layers in which a z4j setting may be found, strongest first (identity-and-secrets, section 2.2).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::files::{
    Accept, Document, FILE_LIMIT, FileText, SECRET_ENV_KEYS, SECRET_FILE_LIMIT, parse_secret_env, read_text,
    read_value,
};
use super::{Origin, Overrides, Sourced, dotenv};
use crate::context::Env;
use crate::error::{Error, Kind, Result};

/// Names that have a `Z4JCTL_` twin and a `<NAME>_FILE` twin.
const NAMES_WITH_TWINS: [&str; 8] = [
    "Z4J_SECRET",
    "Z4J_PREVIOUS_SECRETS",
    "Z4J_AUDIT_CHAIN_SECRET",
    "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS",
    "Z4J_SESSION_SECRET",
    "Z4J_PREVIOUS_SESSION_SECRETS",
    "Z4J_DATABASE_URL",
    "Z4J_DATABASE_PASSWORD",
];

/// Names that an operator's secret file may hold beyond those of `secret.env`.
const MORE_SECRET_FILE_KEYS: [&str; 8] = [
    "Z4J_PREVIOUS_SECRETS",
    "Z4J_PREVIOUS_SESSION_SECRETS",
    "Z4J_DATABASE_URL",
    "Z4J_DATABASE_HOST",
    "Z4J_DATABASE_PORT",
    "Z4J_DATABASE_USER",
    "Z4J_DATABASE_PASSWORD",
    "Z4J_DATABASE_NAME",
];

/// A name that z4j refuses in `secret.env` since 1.8 and that older files hold.
pub(super) const RETIRED_KEY: &str = "Z4J_PREVIOUS_SECRETS";

/// Words that make a setting sensitive to z4j (identity-and-secrets, section 2.3).
const SENSITIVE_WORDS: [&str; 5] = ["SECRET", "TOKEN", "PASSWORD", "PRIVATE_KEY", "CREDENTIAL"];

/// A text and where it was found.
pub(super) type Found = Sourced<Zeroizing<String>>;

/// An error that waits until somebody needs what it spoils: a command without secrets must not fail
/// because of one.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    kind: Kind,
    code: &'static str,
    pub(super) message: String,
    hint: Option<String>,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind(),
            code: error.code(),
            message: error.message().to_owned(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl From<&Problem> for Error {
    fn from(problem: &Problem) -> Self {
        let error = Self::new(problem.kind, problem.code, problem.message.clone());
        match &problem.hint {
            Some(hint) => error.hint(hint.clone()),
            None => error,
        }
    }
}

/// A file, or standard input, that assigns settings.
#[derive(Debug)]
struct Layer {
    /// `None` is standard input.
    path: Option<PathBuf>,
    /// Why it could not be read is kept for the one who misses a setting.
    document: Result<Document, Problem>,
    is_secret_env: bool,
}

impl Layer {
    fn get(&self, name: &str) -> Option<Found> {
        let assignment = self.document.as_ref().ok()?.get(name)?;
        let origin = match &self.path {
            Some(path) => Origin::file(path, assignment.line),
            None => Origin::Stdin { line: assignment.line },
        };
        Some(Sourced::new(assignment.value.clone(), origin))
    }

    /// What spoils this layer, where it could have held the name.
    fn problem(&self, name: &str) -> Option<&Problem> {
        let holds = !self.is_secret_env || SECRET_ENV_KEYS.contains(&name) || name == RETIRED_KEY;
        self.document.as_ref().err().filter(|_| holds)
    }
}

/// Every place that may hold a z4j setting.
#[derive(Debug)]
pub(super) struct Layers<'a> {
    env: &'a Env,
    /// `--secret-file`.
    flags: Vec<Layer>,
    /// `Z4JCTL_SECRET_FILE`.
    operator: Vec<Layer>,
    /// `.env`, `config.env`, `secret.env`.
    files: Vec<Layer>,
}

impl<'a> Layers<'a> {
    /// Reads every file. What the operator names must be readable; z4j's own files may be missing or broken.
    pub(super) fn open(
        overrides: &Overrides,
        env: &'a Env,
        home: &Path,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let flags = open_given(overrides, env)?;
        let operator = match variable(env, "Z4JCTL_SECRET_FILE")? {
            Some(path) if flags.is_empty() && !path.value.is_empty() => {
                vec![open_secret_file(&env.working_directory().join(path.value.as_str()))?]
            }
            _ => Vec::new(),
        };
        let mut files = Vec::new();
        for path in [env.working_directory().join(".env"), home.join("config.env")] {
            files.extend(open_own(path, FILE_LIMIT, warnings, dotenv::parse));
        }
        let allowed: Vec<&str> = SECRET_ENV_KEYS.into_iter().chain([RETIRED_KEY]).collect();
        let secret_env = open_own(home.join("secret.env"), SECRET_FILE_LIMIT, warnings, |text, label| {
            parse_secret_env(text, &allowed, label)
        });
        files.extend(secret_env.map(|layer| Layer { is_secret_env: true, ..layer }));
        let layers = Self { env, flags, operator, files };
        layers.warn_of_retired_key(warnings);
        Ok(layers)
    }

    /// Looks where somebody spoke to this process: flags, `Z4JCTL_*`, the process environment.
    pub(super) fn spoken(&self, name: &str) -> Result<Option<Found>> {
        if let Some(found) = self.flags.iter().find_map(|layer| layer.get(name)) {
            return Ok(Some(found));
        }
        let has_twins = NAMES_WITH_TWINS.contains(&name);
        if has_twins {
            let own = name.replacen("Z4J_", "Z4JCTL_", 1);
            // An empty variable of our own is an unset one: wrappers export what they do not know.
            if let Some(found) = self.variable_or_file(&own)?.filter(|found| !found.value.is_empty()) {
                return Ok(Some(found));
            }
        }
        if let Some(found) = self.operator.iter().find_map(|layer| layer.get(name)) {
            return Ok(Some(found));
        }
        if has_twins { self.variable_or_file(name) } else { variable(self.env, name) }
    }

    /// Looks in z4j's own files. A file that cannot be read is a problem when the search gets there.
    pub(super) fn filed(&self, name: &str) -> Result<Option<Found>, &Problem> {
        for layer in &self.files {
            if let Some(problem) = layer.problem(name) {
                return Err(problem);
            }
            if let Some(found) = layer.get(name) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Looks in those of z4j's own files that can be read.
    pub(super) fn filed_where_readable(&self, name: &str) -> Option<Found> {
        self.files.iter().find_map(|layer| layer.get(name))
    }

    /// Every one of z4j's own files that could not be read or understood.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.files.iter().filter_map(|layer| layer.document.as_ref().err())
    }

    /// The whole search; a broken file on the way is an error.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found>> {
        match self.spoken(name)? {
            Some(found) => Ok(Some(found)),
            None => self.filed(name).map_err(Error::from),
        }
    }

    /// The values that `.env` or `config.env` (the stronger by the documented order) and `secret.env`
    /// give a name, when both do.
    pub(super) fn rivals(&self, name: &str) -> Option<(Found, Found)> {
        let stronger =
            self.files.iter().filter(|layer| !layer.is_secret_env).find_map(|layer| layer.get(name))?;
        let weaker =
            self.files.iter().filter(|layer| layer.is_secret_env).find_map(|layer| layer.get(name))?;
        Some((stronger, weaker))
    }

    /// A variable, or the content of the file that its `_FILE` twin names.
    fn variable_or_file(&self, name: &str) -> Result<Option<Found>> {
        let is_own_url = name == "Z4JCTL_DATABASE_URL" && self.env.var_os("Z4JCTL_DB_FILE").is_some();
        let file_name = if is_own_url { "Z4JCTL_DB_FILE".to_owned() } else { format!("{name}_FILE") };
        let direct = variable(self.env, name)?;
        // Not a twin but a document: the list of assignments that `open` has read.
        if file_name == "Z4JCTL_SECRET_FILE" {
            return Ok(direct);
        }
        let Some(file) = variable(self.env, &file_name)?.filter(|file| !file.value.is_empty()) else {
            return Ok(direct);
        };
        if direct.is_some_and(|direct| !direct.value.is_empty()) {
            return Err(Error::usage(
                "settings.contradiction",
                format!("both {name} and {file_name} are set"),
            )
            .hint("unset one of the two"));
        }
        let path = self.env.working_directory().join(file.value.as_str());
        let value = read_value(&path, &file_name)?;
        Ok(Some(Sourced::new(value, Origin::file(path, 1))))
    }

    fn warn_of_retired_key(&self, warnings: &mut Vec<String>) {
        let layers = self.files.iter().filter(|layer| layer.is_secret_env);
        for found in layers.filter_map(|layer| layer.get(RETIRED_KEY)) {
            warnings.push(format!(
                "{} sets {RETIRED_KEY}; z4j 1.8 and later refuse to start with it there, move it to config.env",
                found.origin
            ));
        }
    }
}

/// A variable of the process environment: exactly as named or, for z4j's own, in any case, as z4j reads it.
pub(super) fn variable(env: &Env, name: &str) -> Result<Option<Found>> {
    let folded = || {
        let is_same = |other: &OsStr| other.eq_ignore_ascii_case(name);
        let is_ours = !name.starts_with("Z4JCTL_") && name.starts_with("Z4J_");
        is_ours.then(|| env.iter().map(|(other, _)| other).find(|other| is_same(other))).flatten()
    };
    let spelled = match env.var_os(name) {
        Some(_) => Some(name),
        None => folded().and_then(OsStr::to_str),
    };
    let Some(spelled) = spelled else { return Ok(None) };
    let value = env.var(spelled)?;
    Ok(value.map(|value| Sourced::new(Zeroizing::new(value.to_owned()), Origin::environment(spelled))))
}

fn secret_file_keys() -> Vec<&'static str> {
    SECRET_ENV_KEYS.into_iter().chain(MORE_SECRET_FILE_KEYS).collect()
}

/// Reads what `--secret-file` names. Two files must not give the same name: order would decide silently.
fn open_given(overrides: &Overrides, env: &Env) -> Result<Vec<Layer>> {
    let mut layers: Vec<Layer> = Vec::new();
    for path in &overrides.secret_file {
        if path.as_os_str() != "-" {
            layers.push(open_secret_file(&env.working_directory().join(path))?);
        }
    }
    let wants_stdin = overrides.secret_file.iter().any(|path| path.as_os_str() == "-");
    match &overrides.secrets_stdin_text {
        Some(text) => {
            let document = parse_secret_env(text, &secret_file_keys(), "standard input")?;
            layers.push(Layer { path: None, document: Ok(document), is_secret_env: false });
        }
        None if wants_stdin => {
            return Err(Error::bug("--secret-file - was given, but standard input was not read"));
        }
        None => {}
    }
    for (index, layer) in layers.iter().enumerate() {
        let Ok(document) = &layer.document else { continue };
        for (name, _) in document.iter() {
            if layers[..index].iter().any(|earlier| earlier.get(name).is_some()) {
                return Err(Error::usage(
                    "settings.contradiction",
                    format!("more than one --secret-file sets {name}"),
                ));
            }
        }
    }
    Ok(layers)
}

fn open_secret_file(path: &Path) -> Result<Layer> {
    let file = read_text(path, SECRET_FILE_LIMIT, Accept::Stream)?.ok_or_else(|| {
        Error::unreachable(
            "settings.missing-file",
            format!("the secret file {} does not exist", path.display()),
        )
        .hint("give --secret-file or Z4JCTL_SECRET_FILE a file of KEY=VALUE lines, or - for stdin")
    })?;
    let label = path.display().to_string();
    let document = parse_secret_env(&file.text, &secret_file_keys(), &label).map_err(|error| {
        let hint = "a secret file holds KEY=VALUE lines such as Z4J_SECRET=…; for a file with the bare \
                    secret set Z4J_SECRET_FILE in the environment";
        error.hint(hint)
    })?;
    Ok(Layer { path: Some(path.to_path_buf()), document: Ok(document), is_secret_env: false })
}

/// Opens one of z4j's own files; `None` when there is none.
fn open_own(
    path: PathBuf,
    limit: u64,
    warnings: &mut Vec<String>,
    parse: impl Fn(&str, &str) -> Result<Document>,
) -> Option<Layer> {
    let label = path.display().to_string();
    let document = match read_text(&path, limit, Accept::Regular) {
        Ok(None) => return None,
        Ok(Some(file)) => parse(&file.text, &label).inspect(|document| {
            warn_of_exposure(&label, &file, document, warnings);
        }),
        Err(error) => Err(error),
    };
    Some(Layer { path: Some(path), document: document.map_err(Problem::from), is_secret_env: false })
}

/// z4j refuses such files; z4jctl only reads them, so that it works on the day the brain does not.
fn warn_of_exposure(label: &str, file: &FileText, document: &Document, warnings: &mut Vec<String>) {
    if !document.iter().any(|(name, assignment)| is_sensitive(name, &assignment.value)) {
        return;
    }
    if file.is_shared {
        warnings.push(format!(
            "{label} holds secrets and is open to group or others; z4jctl only reads it, z4j 1.8 and later \
             refuse it: chmod 600"
        ));
    }
    if file.is_link {
        warnings.push(format!("{label} is a symbolic link; z4j 1.8 and later refuse that"));
    }
}

fn is_sensitive(name: &str, value: &str) -> bool {
    let names_a_secret = |text: &str| SENSITIVE_WORDS.iter().any(|word| text.contains(word));
    name.starts_with("Z4J_")
        && (names_a_secret(name)
            || (name == "Z4J_DATABASE_URL"
                && (value.contains('@')
                    || value
                        .split_once('?')
                        .is_some_and(|(_, query)| names_a_secret(&query.to_uppercase())))))
}
