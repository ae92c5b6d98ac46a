//! Who may do what in a brain: users, sessions, agent tokens, API keys.
//!
//! Everything that changes is an [`Operation`](crate::audit::transact::Operation): it plans from the rows it reads and
//! is carried out together with its audit row.

pub mod active;
pub mod api_key;
pub mod api_key_list;
pub mod assess;
pub mod find;
pub(crate) mod gather;
pub mod mfa;
pub mod password;
pub(crate) mod redact;
pub mod session;
pub mod superuser;
pub mod token;
pub mod token_list;
pub mod user;
pub mod user_list;

/// The generation of a schema, which decides how an account is stored; faces hand it on.
pub use crate::store::generation::Generation;
