//! The last administrator is gone.

use super::{NEW_PASSWORD, account, administrates, administrators, delete_all_users, written};
use crate::support::judge::{Target, WRITABLE, on_each};

/// Nobody administrates any more although users exist, then no user exists any more; both times the original's own
/// command leaves it at that, and z4jctl's makes an administrator whom the real brain obeys. That everything is gone,
/// projects too, is the end of `every_command`.
#[test]
fn an_installation_without_administrator_is_recovered() {
    on_each(&WRITABLE, |target| {
        let database = target.database();
        let (admin, password) = target.admin();
        let (operator, _) = account(target, "operator");

        // (b) The only administrator loses the rights, then is deactivated too.
        database.execute("UPDATE users SET is_admin = false");
        let installation = target.brain().installation(&database, target.secrets());
        let refused = installation.createsuperuser("second@example.com", NEW_PASSWORD).expect_code(3);
        assert!(refused.stderr.contains("already initialised"), "{target}: {refused}");
        assert_eq!(administrators(&database), 0, "{target}");
        assert_nobody_administrates(target, &database);

        let brain = installation.serve();
        assert!(!super::may_list_users(&brain.login(admin, password)), "{target}");
        written(target, &database, &["createsuperuser", "--email", admin, "--promote-existing"], "");
        administrates(&brain, admin, password);
        database.execute(&format!("UPDATE users SET is_active = false WHERE email = '{admin}'"));
        brain.refuses_login(admin, password);
        written(target, &database, &["createsuperuser", "--email", admin, "--promote-existing"], "");
        administrates(&brain, admin, password);
        // Somebody else takes over, with a password that is known.
        database.execute(&format!("UPDATE users SET is_active = false WHERE email = '{admin}'"));
        let raise = ["createsuperuser", "--email", operator, "--promote-existing", "--password-stdin"];
        written(target, &database, &raise, NEW_PASSWORD);
        administrates(&brain, operator, NEW_PASSWORD);

        // (a) All users are deleted; the project that the first one got is still there.
        let installation = brain.stop();
        delete_all_users(target, &database);
        assert_eq!(database.number("SELECT count(*) FROM projects WHERE slug = 'default'"), 1, "{target}");
        let failed = installation.createsuperuser("second@example.com", NEW_PASSWORD);
        // Up to 1.7 it says that it did what it did not.
        let claims = failed.stdout.contains("provisioned");
        let is_old = ["1.0.19", "1.3.4", "1.6.9"].contains(&target.release());
        assert_eq!((failed.code, claims), if is_old { (0, true) } else { (1, false) }, "{target}: {failed}");
        assert_eq!(database.number("SELECT count(*) FROM users"), 0, "{target}: {failed}");
        assert_nobody_administrates(target, &database);

        let create = ["createsuperuser", "--email", "second@example.com", "--password-stdin"];
        written(target, &database, &create, NEW_PASSWORD);
        let brain = target.accept(&database);
        administrates(&brain, "second@example.com", NEW_PASSWORD);
        brain.login("second@example.com", NEW_PASSWORD).get("/projects/payments").expect_status(200);
    });
}

/// `user list` tells it, to a person and to a monitor.
#[track_caller]
fn assert_nobody_administrates(target: Target, database: &crate::support::judge::AnyDatabase) {
    let list = target.z4jctl(database).args(["user", "list", "-o", "json"]).run().expect_code(1);
    assert_eq!(list.json()["active_administrators"], 0, "{target}: {list}");
}
