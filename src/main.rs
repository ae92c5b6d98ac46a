//! The `z4jctl` command: see [`z4jctl::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    z4jctl::cli::main()
}
