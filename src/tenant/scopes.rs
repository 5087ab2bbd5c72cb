//! Which scopes each room needs: as a minimal set to start with, and job by job.
//!
//! Names are those of Kinde's OpenAPI document (`x-scope`). Its guides also write `write:*`, which does not exist.

/// Gives name, liveness and both domains of the environment: every room's minimal set has it.
pub const READ_ENVIRONMENTS: &str = "read:environments";

/// One thing a room does, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// As the subject of a sentence: "Revoke".
    pub name: &'static str,
    /// All of them are needed.
    pub scopes: &'static [&'static str],
    /// The room is of no use without it.
    pub minimal: bool,
}

/// One room and its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// As shown: "Connected apps".
    pub name: &'static str,
    /// In the order a person meets them.
    pub jobs: &'static [Job],
}

const fn needed(name: &'static str, scopes: &'static [&'static str]) -> Job {
    Job { name, scopes, minimal: true }
}

const fn extra(name: &'static str, scopes: &'static [&'static str]) -> Job {
    Job { name, scopes, minimal: false }
}

/// The rooms that call the Management API.
pub const ROOMS: [Room; 2] = [
    Room {
        name: "Connected apps",
        jobs: &[
            needed("Connect", &["read:connected_apps"]),
            needed("Choosing a user", &["read:users"]),
            extra("Revoke", &["create:connected_apps"]),
            extra("Creating a test user", &["create:users"]),
        ],
    },
    Room {
        name: "Webhooks",
        jobs: &[
            needed("Listing webhooks", &["read:webhooks"]),
            needed("Listing event types", &["read:event_types"]),
            extra("Creating a webhook", &["create:webhooks"]),
            extra("Changing a webhook", &["update:webhooks"]),
            extra("Deleting a webhook", &["delete:webhooks"]),
            extra("Looking an event up", &["read:events"]),
            extra("Causing events of users", &["create:users", "read:users", "update:users", "delete:users"]),
            extra("Causing events of roles", &["create:roles", "read:roles", "update:roles", "delete:roles"]),
            extra(
                "Causing events of permissions",
                &["create:permissions", "read:permissions", "update:permissions", "delete:permissions"],
            ),
            extra(
                "Causing events of organizations",
                &["create:organizations", "read:organizations", "update:organizations", "delete:organizations"],
            ),
            extra("Causing subscriber.created", &["create:subscribers"]),
        ],
    },
];

impl Room {
    /// What to switch on to start with, `read:environments` first.
    pub fn minimal(&self) -> Vec<&'static str> {
        self.collect(|job| job.minimal)
    }

    /// What everything in the room needs, `read:environments` first.
    pub fn all(&self) -> Vec<&'static str> {
        self.collect(|_| true)
    }

    fn collect(&self, wanted: impl Fn(&Job) -> bool) -> Vec<&'static str> {
        let mut scopes = vec![READ_ENVIRONMENTS];
        for scope in self.jobs.iter().filter(|job| wanted(job)).flat_map(|job| job.scopes) {
            if !scopes.contains(scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// True when `granted` has what the room cannot do without (`read:environments` aside).
    pub fn is_ready(&self, granted: &[String]) -> bool {
        self.jobs.iter().filter(|job| job.minimal).all(|job| job.missing(granted).is_empty())
    }
}

impl Job {
    /// The scopes of it that `granted` lacks.
    pub fn missing(&self, granted: &[String]) -> Vec<&'static str> {
        self.scopes.iter().copied().filter(|scope| !granted.iter().any(|held| held == scope)).collect()
    }
}

/// Scopes as one copyable text, one a line: Kinde's page lists them that way.
pub fn as_lines(scopes: &[&str]) -> String {
    scopes.join("\n")
}

/// Every scope of every room, each once.
pub fn everything() -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    for scope in ROOMS.iter().flat_map(Room::all) {
        if !all.contains(&scope) {
            all.push(scope);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_starts_with_the_environment_and_names_only_real_verbs() {
        for room in ROOMS {
            for set in [room.minimal(), room.all()] {
                assert_eq!(set[0], READ_ENVIRONMENTS);
                assert!(set.iter().all(|scope| {
                    ["read:", "create:", "update:", "delete:"].iter().any(|verb| scope.starts_with(verb))
                }));
            }
            assert!(room.minimal().len() < room.all().len());
        }
        assert!(ROOMS[0].all().contains(&"create:connected_apps"));
        assert_eq!(as_lines(&["a", "b"]), "a\nb");
        assert_eq!(everything().iter().filter(|scope| **scope == READ_ENVIRONMENTS).count(), 1);
    }
}
