//! A new password: judged by the rules of the generation, hashed as the brain is configured to.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::email::{Email, LoginForm};
use crate::format::password::{self, Cost, Policy, Rules};
use crate::store::generation::Generation;

/// How passwords are judged and hashed.
#[derive(Debug, Clone, Copy)]
pub struct Demands {
    /// The generation whose rules hold.
    pub generation: Generation,
    /// `Z4J_PASSWORD_MIN_LENGTH`, where it is set.
    pub min_length: Option<u32>,
    /// `Z4J_ARGON2_…`.
    pub cost: Cost,
}

impl Demands {
    /// Judges a password and gives its hash.
    ///
    /// # Errors
    ///
    /// `Usage` for a password that z4j or the strength check refuses; the message says why and never what it was.
    pub fn hash(&self, context: &Context, password: &str, email: &str, name: Option<&str>) -> Result<String> {
        let mut policy = Policy::new(match self.generation {
            Generation::A | Generation::B => Rules::UpTo1_3,
            // 1.5 or 1.6: nobody can tell.
            Generation::C => Rules::Either,
            _ => Rules::From1_6,
        });
        if let Some(length) = self.min_length.and_then(|length| usize::try_from(length).ok()) {
            policy.min_length = length;
        }
        policy.check(password, email, name).map_err(|rejection| {
            Error::usage("password.rejected", format!("password rejected: {rejection}"))
                .hint("choose another one; nothing was written")
        })?;
        let mut salt = [0; 16];
        context.random.fill(&mut salt)?;
        password::hash(password, salt, self.cost).map_err(|error| {
            Error::usage("settings.argon2", error.to_string())
                .hint("check Z4J_ARGON2_TIME_COST, Z4J_ARGON2_MEMORY_COST and Z4J_ARGON2_PARALLELISM")
        })
    }
}

/// The stored form of an address with which an account of this generation can log in.
pub fn email_for_login(generation: Generation, text: &str) -> Result<Email> {
    let form = match generation {
        Generation::A | Generation::B => LoginForm::UpTo1_3,
        _ => LoginForm::From1_5,
    };
    Email::parse(text, form).map_err(|refusal| {
        Error::usage("user.email", format!("nobody could log in as {text:?}: {refusal}"))
            .hint("choose an address that z4j's login form takes; it need not receive mail")
    })
}
