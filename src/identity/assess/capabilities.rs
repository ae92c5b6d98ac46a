//! What whoever holds an agent token can do, and cannot: the facts of the agent gateway of each generation.

use super::report::Ability;
use crate::store::generation::Generation;

/// The token alone.
const TOKEN: &str = "token";
/// The token together with the signing secret of the project.
const SIGNING: &str = "token-and-signing-secret";

/// What could be done.
pub(super) fn could(generation: Generation, has_workers: bool) -> Vec<Ability> {
    let mut list = vec![
        ability(
            TOKEN,
            "connect as this agent, by WebSocket or long-poll: the first frame is not signed. It overwrites host, version, \
             framework, task queues and capabilities of the agent on record, and marks it online",
        ),
        ability(
            TOKEN,
            if has_workers {
                "push out a worker of the real agent by using its worker id, or stand beside the real ones (up to 64)"
            } else {
                "push out the real agent: there is one connection for each"
            },
        ),
        ability(
            TOKEN,
            "receive the commands that the brain sends to this agent while connected, with task names, arguments and \
             schedules in them (they are signed, not encrypted), and keep them from the real agent: they end as timeouts. \
             A connection that sends no signed frame ends after 90 seconds and can be made again",
        ),
        ability(
            SIGNING,
            "report events: create tasks of its project and change their state, result, exception and worker, for tasks of \
             other agents of the project too; the times are its own, up to 400 days back",
        ),
        ability(
            SIGNING,
            "report results of commands that were sent to it, each of which leaves an audit row command.completed that names \
             the agent",
        ),
        ability(SIGNING, "report heartbeats, queue depths and worker details of its project"),
    ];
    if generation <= Generation::D {
        list.push(ability(
            SIGNING,
            "create, change and delete schedules of other schedulers (such as celery-beat) on record, by schedule events",
        ));
    } else if generation != Generation::P {
        list.push(ability(
            SIGNING,
            "change schedules of other schedulers on record, where the brain took it as executor of their stream",
        ));
    }
    if generation >= Generation::D {
        list.push(ability(
            SIGNING,
            "set off automation rules of the project by forged events, with the actions that these rules have",
        ));
    }
    list
}

/// What could not be done, and what limits that.
pub(super) fn could_not(generation: Generation) -> Vec<String> {
    let mut list: Vec<String> = [
        "use the HTTP API: an agent token is neither an API key nor a session, and is refused there (401)",
        "act in another project, or read tasks, events, schedules, users or the audit log of its own",
        "mint or revoke tokens, keys or users, or issue commands",
        "receive commands that are meant for another agent",
        "write audit rows other than those that the brain appends about this agent and its commands",
        "sign frames without the signing secret of the project (Z4J_HMAC_SECRET): without it events, results and heartbeats \
         are refused (4403). That secret is the same for all agents of the project, is derived from Z4J_SECRET, and stands \
         beside the token in an agent's environment: when the environment leaked, take it as known. Revoking a token does \
         not change it; only a new Z4J_SECRET does",
    ]
    .map(str::to_owned)
    .to_vec();
    let after = if generation <= Generation::B {
        "connect once the token is revoked; but a connection that was open then stays open until the agent leaves or the brain \
         is restarted"
    } else if generation <= Generation::E {
        "connect once the token is revoked; an open connection ends when the brain itself revokes (from 1.6.5 on), and stays open when only \
         the database was changed without its notification (always on SQLite): restart the brain then"
    } else {
        "connect once the token is revoked; an open connection ends at its next frame, a silent one after 90 seconds"
    };
    list.push(after.to_owned());
    list
}

fn ability(needs: &'static str, what: &str) -> Ability {
    Ability { what: what.to_owned(), needs }
}
