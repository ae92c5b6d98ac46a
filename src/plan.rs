//! Leave to write.
//!
//! What writes, plans first: an operation's `plan` gives a value that says what would happen, and writes nothing; its
//! `apply` takes that plan and a [`WriteToken`] by value. Only the face can make a token, in one place
//! (`src/cli/confirm.rs`), after `--yes` or after a person has answered a question that showed the plan. So no path
//! through the program writes without somebody having said so; a test of the source keeps it true.

/// The proof that somebody allowed one write: `--yes`, or a confirmation at the terminal.
///
/// It is neither `Clone` nor `Default`: one confirmation is good for one write.
#[derive(Debug)]
#[must_use = "leave to write is asked for in order to write"]
pub struct WriteToken(());

impl WriteToken {
    /// Makes the token. For the face alone, after `--yes` or a typed confirmation.
    pub(crate) fn granted() -> Self {
        Self(())
    }

    /// The token of an operation's own tests; the program has no such function.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::granted()
    }
}
