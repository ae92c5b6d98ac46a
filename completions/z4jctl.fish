# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_z4jctl_global_optspecs
    string join \n o/output= report= q/quiet home= db= db-file= secret-file= connect-timeout= statement-timeout= lock-timeout= sslmode= sslrootcert= sslcert= sslkey= passfile= h/help V/version
end

function __fish_z4jctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_z4jctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_z4jctl_using_subcommand
    set -l cmd (__fish_z4jctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c z4jctl -n "__fish_z4jctl_needs_command" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_needs_command" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_needs_command" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "audit" -d 'The audit log: verify it, look at it, export it, keep its head elsewhere'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "config" -d 'The settings in force, and where each came from'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "init" -d 'Create a fresh brain database: a SQLite file that is not there yet, or an empty PostgreSQL database'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "migrate" -d 'The schema revision of a database'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "createsuperuser" -d 'Create an administrator, also when the last one is gone'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "bootstrap-admin" -d 'Create an administrator, also when the last one is gone'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "changepassword" -d 'Set the password of a user and end its sessions'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "reset-mfa" -d 'Clear the second factor of a user (from 1.6)'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "reset-setup" -d 'Delete pending setup tokens of an installation that has no user yet'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "unlock" -d 'Forget failed logins and codes, and end a lock'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "user" -d 'Users: list, create, promote, deactivate, unlock'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "token" -d 'Agent tokens: mint, rotate, revoke, and whose a leaked one is'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "apikey" -d 'API keys: mint, list, revoke, and whose a leaked one is'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "session" -d 'Sessions of browsers: list and end them'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "secrets" -d 'The secrets of a brain: what hangs on them, and what a rotation would break'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "signing-key" -d 'The Ed25519 keys that sign anchors, bundles and exports: make one, show its public half, trust one'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "allowed-hosts" -d 'The host names under which `z4j serve` answers'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "metrics-token" -d 'The token with which Prometheus reads /metrics'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "completions" -d 'Print a shell completion script'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "man" -d 'Write the manual pages'
complete -c z4jctl -n "__fish_z4jctl_needs_command" -f -a "version" -d 'Print the version, and what it was built with'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "verify" -d 'Verify the whole audit chain of a brain\'s database and say what was done to it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "head" -d 'Print the head of the log: its newest row, to be kept outside the database'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "anchor" -d 'Anchor the log: sign what it is now, into a directory outside the database'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "show" -d 'Show one row: its stored columns, the exact bytes that were signed, and the MAC that they lead to'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "keys" -d 'The keys that sign the log, from 1.8 on: list, rotate, retire'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "prune" -d 'Remove the oldest rows of the log so that the rest still verifies'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "export" -d 'Export the audit log, whole or in part, in a form that verifies itself'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "verify-merge" -d 'Join the reports of `audit verify --shard` into the verdict on the whole log'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "verify-export" -d 'Verify exports of the audit log: rows, links, counts, digests, and that several files are one chain'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "bundle" -d 'Put rows into an evidence bundle: one file that proves them to somebody without database and secret'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "verify-bundle" -d 'Verify an evidence bundle: no database, no secret, no network'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "stats" -d 'Count the rows of the log by day, action and actor, and tell what retention will remove'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and not __fish_seen_subcommand_from verify head anchor show keys prune export verify-merge verify-export bundle verify-bundle stats diff" -f -a "diff" -d 'Say what exactly changed between the log and an older copy of it, row by row and field by field'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l known-head -d 'A head that was kept outside the database (z4j audit export-head, z4jctl audit head): a file, or its JSON' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l anchors -d 'Compare the log with the anchors in this directory (z4jctl audit anchor)' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l trust -d 'Public keys that may sign anchors, one in a line, instead of the file trusted-keys beside them; repeatable' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l tsa-ca -d 'Check the timestamps beside the anchors, down to the root certificates in this PEM file' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l since -d 'Only rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l until -d 'Only rows before this time' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l max-findings -d 'How many findings to list; all are counted' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -s j -l jobs -d 'Cores to use [default: all]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l resume -d 'Read only what is new since the last run, and a part of the rest: the file holds what that run proved, under a MAC, and is written anew; whatever does not match leads to a full walk, and the report says why' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l recheck -d 'With --resume: how much of the older rows each run reads again; with 1/30 every row is read once in 30 runs' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l shard -d 'Verify one part of a very large log: 3/8 is the third of eight; join the JSON reports of all parts with audit verify-merge' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l shard-before -d 'With --shard: the rows before this moment are divided into the parts, the last one has the newer ones too; it must be the same for all parts [default: the last midnight, UTC]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l textfile -d 'Write metrics for Prometheus\' textfile collector to this file' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l on-finding -d 'Run this command when something was found; no shell, the JSON report on its stdin' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l against -d 'With --explain: an older copy, for old and new values: a SQLite file, an export, or a URL without password' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l against-file -d 'With --explain: a file that holds the URL of the copy, password and all' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l accept-retention -d '1.3 to 1.7: take a missing beginning that retention can explain as explained'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l explain -d 'Say of each listed finding what it means, who was active then, and what to do next; the exit code stays'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -l redact -d 'With --explain: replace e-mail addresses and network addresses by numbered names'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l to -d 'Write it to this file, whole or not at all, instead of to stdout' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from head" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l to -d 'The directory of the anchors; it must exist; repeatable' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l key -d 'The private key: of `z4jctl signing-key generate`, or an unencrypted Ed25519 key of OpenSSH' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l origin -d 'The log\'s name in a new directory [default: z4jctl.audit/ and a hash of its first row]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l exec -d 'Run this command for each new anchor; no shell, the checkpoint on its stdin' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l timestamp -d 'Have the newest anchor timestamped (RFC 3161) by the authority at this URL, http or https; its answer is kept beside the anchor, in the file NAME.tsr' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l tsa-ca -d 'Take timestamps only from authorities under the root certificates in this PEM file' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l put -d 'Store a copy of every file of an anchor below this URL, by HTTPS PUT; ends with a slash; repeatable. What could not be stored is sent again by the next call' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l put-header-file -d 'Headers for --put, `Name: value` in each line, such as credentials; a file of mode 600' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l ca -d 'Reach --put and --timestamp only through certificates of the authorities in this PEM file [default: those that this machine trusts]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l timeout -d 'How long each request of --put and --timestamp may take, such as 30s [default: 60s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l unverified -d 'Anchor a log that does not verify; the anchor says so'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l accept-retention -d '1.3 to 1.7: take a missing beginning that retention can explain as explained'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l git -d 'Commit what was written to the git repository that the directory is in'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from anchor" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -f -a "list" -d 'List the audit keys: where each is configured, which signs, how many rows need it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -f -a "rotate" -d 'Make another audit key sign: commits one that is configured, or mints one with --managed'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from keys" -f -a "retire" -d 'Let go of an old audit key that no row needs any more'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l before -d 'Remove rows before this time' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l older-than -d 'Remove rows older than this: 90d, 12w, 6mo, 1y' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l class -d 'Another age for a class, the text before the first dot of an action: auth=30d; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l max-rows -d 'Remove at most so many rows in one run' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -l accept-unupgradable -d 'Do it on 1.3 to 1.7 too, where z4j 1.6 will report a truncation and the upgrade to 1.8 will stop'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from prune" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l manifest -d 'Write the manifest to this file; for stdout there is none without this' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l key -d 'Sign the manifest with this private key, into MANIFEST.sig: of `z4jctl signing-key generate`, or of OpenSSH' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l format -d 'How rows are written' -r -f -a "csv\t'RFC 4180 with a header'
jsonl\t'One JSON object per line'
parquet\t'Apache Parquet, packed within'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l from -d 'Only rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l to -d 'Only rows before this time' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l older-than -d 'Only rows older than this: 90d, 12w, 6mo, 1y' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l project -d 'Rows of this project, by slug or id; repeatable. A row must match every kind of condition that is given' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l action -d 'Rows of this action, such as auth.login, or auth.* for all that begin so; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l actor -d 'Rows by this actor: the id of a user or API key, or a name in the metadata (actor, operator); repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l user -d 'Rows of this user, by e-mail or id; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l reason -d 'With --delete: why, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -s j -l jobs -d 'Cores to use [default: all]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l force -d 'Replace files that exist'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l gzip -d 'Pack with gzip'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l zstd -d 'Pack with zstd'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l spreadsheet-safe -d 'CSV: beside each column that a spreadsheet could take for a formula, a guarded copy'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l delete -d 'Remove the exported rows from the log, once the files have been read back and verified; see `audit prune`'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -l accept-unupgradable -d 'Do it on 1.3 to 1.7 too, where z4j 1.6 will report a truncation and the upgrade to 1.8 will stop'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l max-findings -d 'How many findings to list; all are counted' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l textfile -d 'Write metrics for Prometheus\' textfile collector to this file' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -l accept-retention -d '1.3 to 1.7: take a missing beginning that retention can explain as explained'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-merge" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l manifest -d 'The manifest, when it is not beside the file; for one file' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l trust -d 'Demand that every manifest is signed by a key in this file (one verifier key or `ssh-ed25519 …` a line); repeatable' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l known-head -d 'A head that was kept elsewhere (z4jctl audit head): a file, or its JSON; it must be in the files, or with --live behind them' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l max-findings -d 'How many findings to list; all are counted' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -s j -l jobs -d 'Cores to use [default: all]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l without-manifest -d 'Verify the rows alone, without a manifest'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l keyless -d 'Verify links, counts and digests alone, without a key'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l live -d 'Go on with the log of the database: it must continue the last file'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -l accept-retention -d '1.3 to 1.7: take a missing beginning that retention can explain as explained'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-export" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l out -d 'The file to write' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l key -d 'The private key: of `z4jctl signing-key generate`, or an unencrypted Ed25519 key of OpenSSH' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l since -d 'Also rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l until -d 'Also rows before this time; with --since those between' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l project -d 'Rows of this project, by slug or id; repeatable. A row must match every kind of condition that is given' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l action -d 'Rows of this action, such as auth.login, or auth.* for all that begin so; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l actor -d 'Rows by this actor: the id of a user or API key, or a name in the metadata (actor, operator); repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l user -d 'Rows of this user, by e-mail or id; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l redact -d 'Leave this column out, or metadata.NAME; repeatable, or several with commas' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l from -d 'Leave more out of this bundle, without database and key' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l anchors -d 'The log must continue the anchors in this directory; the bundle proves it for the newest' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l trust -d 'With --anchors: the trusted keys, instead of the file trusted-keys beside the anchors; repeatable' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l origin -d 'The log\'s name [default: that of the anchors, or z4jctl.audit/ and a hash of its first row]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -s j -l jobs -d 'Cores to use [default: all]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l force -d 'Replace a file that exists'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l include-identities -d 'Keep e-mail and network addresses'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l unverified -d 'Take rows of a log that does not verify; the statement says so'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -l accept-retention -d '1.3 to 1.7: take a missing beginning that retention can explain as explained'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from bundle" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l trust -d 'The keys to believe: one verifier key or `ssh-ed25519 …` a line; repeatable' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l checkpoint -d 'An anchor that was kept elsewhere: the log of the bundle must continue it' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l max-findings -d 'How many findings to list; all are counted' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from verify-bundle" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l since -d 'Only rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l until -d 'Only rows before this time' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l by -d 'What to count rows by, in UTC; weeks begin on Monday' -r -f -a "day\t''
week\t''
month\t''"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l top -d 'How many actions and actors to list' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -l redact -d 'Leave e-mail addresses out'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from stats" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l against -d 'The copy: a SQLite file, an export, or a database URL without password' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l against-file -d 'A file that holds the URL of the copy, password and all' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l manifest -d 'The manifest of an export, when it is not beside it' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l max-findings -d 'How many differences to list; all are counted' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l without-manifest -d 'Compare with the rows of an export alone, without its manifest'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l accept-retention -d '1.3 to 1.6: take a missing beginning that retention can explain as explained'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -l redact -d 'Replace e-mail addresses and network addresses by numbered names'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand audit; and __fish_seen_subcommand_from diff" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Print every setting with its origin; secrets as fingerprints'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand config; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -s n -l dry-run -d 'Print what would be made and make nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand init" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and not __fish_seen_subcommand_from status" -f -a "status" -d 'Print revision, generation, and which releases can serve the database'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand migrate; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l email -d 'E-mail address' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l display-name -d 'Shown name' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l promote-existing -d 'Make the existing user with this address an active administrator'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -l password-stdin -d 'Read the password from standard input, to its end; line ends behind it are not part of it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand createsuperuser" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l email -d 'E-mail address' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l display-name -d 'Shown name' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l promote-existing -d 'Make the existing user with this address an active administrator'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -l password-stdin -d 'Read the password from standard input, to its end; line ends behind it are not part of it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand bootstrap-admin" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -l password-stdin -d 'Read the password from standard input, to its end; line ends behind it are not part of it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand changepassword" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -l confirm -d 'Same as --yes, as z4j names it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-mfa" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -l force -d 'Same as --yes, as z4j names it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand reset-setup" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand unlock" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "list" -d 'List users: roles, locks, second factors, sessions'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "show" -d 'Show one user'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "create" -d 'Create a user'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "passwd" -d 'Set the password of a user and end its sessions'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "promote" -d 'Make a user a global administrator'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "demote" -d 'Take the administrator\'s rights from a user; never from the last one'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "deactivate" -d 'Let nobody log in as a user, and end its sessions; never the last administrator'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "reactivate" -d 'Let a deactivated user log in again'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "unlock" -d 'Forget failed logins and codes, and end a lock'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and not __fish_seen_subcommand_from list show create passwd promote demote deactivate reactivate unlock rename" -f -a "rename" -d 'There is no rename, on purpose'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l email -d 'E-mail address' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l display-name -d 'Shown name' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l project -d 'Project to belong to' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l role -d 'Role in that project: viewer, auditor (from 1.12), operator or admin' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l admin -d 'Make it a global administrator'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -l password-stdin -d 'Read the password from standard input, to its end; line ends behind it are not part of it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from create" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l password-stdin -d 'Read the password from standard input, to its end; line ends behind it are not part of it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from deactivate" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from reactivate" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from unlock" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand user; and __fish_seen_subcommand_from rename" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -f -a "mint" -d 'Mint a token: a new agent, its token shown once'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -f -a "list" -d 'List agents: state, last seen, age, versions'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -f -a "show" -d 'Show one agent'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -f -a "rotate" -d 'Give an agent a new token; the old one is dead at once'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -f -a "revoke" -d 'End the token of an agent'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -f -a "identify" -d 'Tell whose a leaked token is, from standard input'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and not __fish_seen_subcommand_from mint list show rotate revoke identify assess" -f -a "assess" -d 'Assess the damage after a token leaked: all that its agent did, and what cannot be known'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l project -d 'Slug or id of the project' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l name -d 'Name of the agent, 1 to 200 characters, unique in its project' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l capabilities -d 'What the agent can do until it says so itself: a JSON object from task queue to actions' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l brain-url -d 'URL of the brain for the environment that is printed [default: Z4J_PUBLIC_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from mint" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l project -d 'Only agents of this project' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -l all -d 'Revoked ones too'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l name -d 'Name of the second agent [default: the old one with a number behind it]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l brain-url -d 'URL of the brain for the environment that is printed [default: Z4J_PUBLIC_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -l overlap -d 'Mint a second agent under a new name and leave the old token alive for now'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from rotate" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l all-in-project -d 'Revoke every agent of a project' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l token-stdin -d 'Read the leaked token from standard input and revoke whose it is'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from identify" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l since -d 'From when on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l until -d 'Only before this time [default: now]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l max-rows -d 'How many rows each list holds at most; all are counted' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -l redact -d 'Replace e-mail addresses and network addresses by numbered names'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand token; and __fish_seen_subcommand_from assess" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -f -a "mint" -d 'Mint an API key for a user; its text is shown once'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -f -a "list" -d 'List API keys: owner, scopes, last use, state'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -f -a "show" -d 'Show one API key'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -f -a "revoke" -d 'Revoke an API key, a leaked one, or all of a user'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and not __fish_seen_subcommand_from mint list show revoke identify" -f -a "identify" -d 'Tell whose a leaked API key is, from standard input'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l user -d 'E-mail address or id of the user who owns it' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l name -d 'Name of the key, 1 to 200 characters' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l scope -d 'What it may do, such as tasks:read; repeatable, or comma-separated' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l project -d 'Slug or id of the one project that it may be used in [default: every project of its owner]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l expires-in -d 'After how many days it ends, 1 to 3650 [default: never]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l expires-at -d 'When it ends, such as 2027-01-31 or 2027-01-31T12:00Z' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l allowed-cidr -d 'A network that it may be used from, such as 10.1.0.0/16; repeatable, at most 32 [default: all]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from mint" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l user -d 'Only keys of this user' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l project -d 'Only keys that are bound to this project' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -l all -d 'Revoked and expired ones too'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l all-of-user -d 'Revoke every key of a user' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -l key-stdin -d 'Read the leaked key from standard input and revoke it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand apikey; and __fish_seen_subcommand_from identify" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -f -a "list" -d 'List sessions: who is logged in, since when, from where'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and not __fish_seen_subcommand_from list revoke" -f -a "revoke" -d 'End the sessions of a user, or one of them'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -l all -d 'Revoked and expired ones too'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l session -d 'Only this session: its id, or the beginning of it' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l actor -d 'Who does it, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l reason -d 'Why it is done, for the audit row' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l verify-first -d 'How much of the audit log must verify before anything is written' -r -f -a "full\t'The whole log'
head\t'The chain state and the newest rows'
none\t'Only that the newest row is the head'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l min-free -d 'SQLite: MiB that must be free on the disk before anything is written [default: 16]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand session; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -f -a "check" -d 'Count what hangs on each secret, and say what is amiss with the secrets'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and not __fish_seen_subcommand_from check plan-rotation" -f -a "plan-rotation" -d 'Say what a rotation of Z4J_SECRET or of the audit key would break on this database, and in which order to go about it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -l count-rows -d 'Verify the whole audit log to count its rows per key; without it the chain state of 1.8 and later has the counts'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l new-secret-file -d 'A file that holds the new Z4J_SECRET and nothing else: print the new signing secret of each project' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l secret -d 'Plan a rotation of Z4J_SECRET; the default'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l audit-key -d 'Plan a rotation of Z4J_AUDIT_CHAIN_SECRET'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -l new-secret-stdin -d 'The same, from standard input'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand secrets; and __fish_seen_subcommand_from plan-rotation" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -f -a "generate" -d 'Make a key: the private half into a new file, mode 0600, the public half to stdout'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -f -a "show" -d 'Print the public half of a key: z4jctl\'s own, or an Ed25519 key of OpenSSH'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and not __fish_seen_subcommand_from generate show trust" -f -a "trust" -d 'Trust a public key: write it into the file trusted-keys beside the anchors'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l out -d 'The file to write' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l name -d 'Its name, best a URL without scheme such as z4j.example/audit; no spaces, no plus sign' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from generate" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -l allowed-signers -d 'Print the line for a file of allowed signers: `ssh-keygen -Y verify -f` takes it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l dir -d 'The directory of the anchors' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand signing-key; and __fish_seen_subcommand_from trust" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -f -a "list" -d 'Print the hosts of the file'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -f -a "add" -d 'Add hosts to the file'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and not __fish_seen_subcommand_from list add remove" -f -a "remove" -d 'Remove hosts from the file'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand allowed-hosts; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -f -a "show" -d 'Print the token in force; the default'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and not __fish_seen_subcommand_from show rotate" -f -a "rotate" -d 'Mint a new token into secret.env and print it'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -s n -l dry-run -d 'Print what would be done and do nothing'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -s y -l yes -d 'Do it without asking; needed where nobody is at a terminal to be asked'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand metrics-token; and __fish_seen_subcommand_from rotate" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand completions" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand man" -s V -l version -d 'Print version'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -s o -l output -d 'How to print the result; errors go to stderr in the same form' -r -f -a "human\t'For a person'
json\t'One JSON document'
jsonl\t'JSON lines: one for each finding, then a summary'
plain\t'Tab-separated `key value` lines, for `cut` and `grep`'"
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l report -d 'Also write the result to a file: FORMAT=PATH, - is stdout; repeatable' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l home -d 'z4j\'s home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l db -d 'The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l db-file -d 'A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l secret-file -d 'A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l connect-timeout -d 'How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l statement-timeout -d 'Limit of one statement; the walk over the log has none unless this is given [default: 30s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l lock-timeout -d 'How long to wait for a lock that somebody else holds [default: 10s]' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l sslmode -d 'PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full' -r
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l sslrootcert -d 'PostgreSQL: file with the trusted root certificates, or `system`' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l sslcert -d 'PostgreSQL: file with the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l sslkey -d 'PostgreSQL: file with the key of the client certificate' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -l passfile -d 'PostgreSQL: password file in the format of ~/.pgpass' -r -F
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -s q -l quiet -d 'Print no progress, notes or warnings to stderr'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c z4jctl -n "__fish_z4jctl_using_subcommand version" -s V -l version -d 'Print version'
