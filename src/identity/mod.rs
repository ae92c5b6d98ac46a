//! Who may do what in a brain: users, sessions, agent tokens, API keys.
//!
//! Everything that changes is an [`Operation`](crate::audit::transact::Operation): it plans from the rows it reads and
//! is carried out together with its audit row.

pub mod assess;
pub mod find;
pub mod token;
pub mod token_list;
