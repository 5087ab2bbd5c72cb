//! What a receiving application is built with, and the small change in its code that mends a forward.

use std::sync::LazyLock;

use serde::Deserialize;

/// What the application that receives webhooks is built with. Chosen once per profile and kept there by its word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Framework {
    /// Not chosen, or none of these: no code is shown.
    #[default]
    Other,
    /// Next.js, App Router.
    NextJs,
    /// Express.
    Express,
    /// Hono.
    Hono,
    /// NestJS.
    NestJs,
    /// FastAPI.
    FastApi,
    /// Ruby on Rails.
    Rails,
    /// Laravel.
    Laravel,
}

impl Framework {
    /// All there are changes for, in the order of a list.
    pub const ALL: [Self; 7] =
        [Self::NextJs, Self::Express, Self::Hono, Self::NestJs, Self::FastApi, Self::Rails, Self::Laravel];

    /// As a person knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "the application",
            Self::NextJs => "Next.js",
            Self::Express => "Express",
            Self::Hono => "Hono",
            Self::NestJs => "NestJS",
            Self::FastApi => "FastAPI",
            Self::Rails => "Rails",
            Self::Laravel => "Laravel",
        }
    }

    /// As a profile keeps it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::NextJs => "nextjs",
            Self::Express => "express",
            Self::Hono => "hono",
            Self::NestJs => "nestjs",
            Self::FastApi => "fastapi",
            Self::Rails => "rails",
            Self::Laravel => "laravel",
        }
    }

    /// The one of that word; `None` for a word that is not known here.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// How it is started while it is worked on, and where it then listens.
    pub(super) fn start(self) -> Option<(&'static str, u16)> {
        Some(match self {
            Self::Other => return None,
            Self::NextJs => ("npx next dev", 3000),
            Self::Express | Self::Hono => ("node --watch server.js", 3000),
            Self::NestJs => ("npx nest start --watch", 3000),
            Self::FastApi => ("fastapi dev", 8000),
            Self::Rails => ("bin/rails server", 3000),
            Self::Laravel => ("php artisan serve", 8000),
        })
    }

    /// Which code answers `path` in an application of usual layout.
    pub(super) fn serves(self, path: &str) -> Option<String> {
        let path = path.trim_matches('/');
        Some(match self {
            Self::Other => return None,
            Self::NextJs => format!("app/{path}/route.ts, which exports POST"),
            Self::Express | Self::Hono => format!("app.post(\"/{path}\", …)"),
            Self::NestJs => match path.rsplit_once('/') {
                Some((controller, method)) => format!("@Controller(\"{controller}\") with @Post(\"{method}\")"),
                None => format!("@Controller(\"{path}\") with @Post()"),
            },
            Self::FastApi => format!("@app.post(\"/{path}\")"),
            Self::Rails => format!("post \"/{path}\" in config/routes.rb"),
            Self::Laravel => {
                format!("Route::post(\"/{path}\", …) in routes/web.php; those of routes/api.php begin with /api")
            }
        })
    }
}

/// A small change in the application's code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Patch {
    /// The check it mends.
    pub check: String,
    /// For whom.
    #[serde(rename = "for")]
    pub frameworks: Vec<Framework>,
    /// Where the change goes, in an application of usual layout.
    pub file: String,
    /// Lines that begin with `-`, `+` or a space.
    pub diff: String,
}

/// Where the examples of a framework, those of these patches too, have the handler.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Usual {
    /// For whom.
    #[serde(rename = "for")]
    pub frameworks: Vec<Framework>,
    /// The path.
    pub path: String,
    /// The code that answers it.
    pub code: String,
}

#[derive(Deserialize)]
struct Asset {
    patch: Vec<Patch>,
    usual: Vec<Usual>,
}

fn read() -> Result<Asset, String> {
    crate::assets::read(include_str!("../../../../assets/handler_patches.toml"))
}

/// What was read; nothing where the file cannot be, which a test sees.
static ASSET: LazyLock<Asset> = LazyLock::new(|| read().unwrap_or(Asset { patch: Vec::new(), usual: Vec::new() }));

/// Where `framework` usually has the handler.
pub(super) fn usual(framework: Framework) -> Option<&'static Usual> {
    ASSET.usual.iter().find(|usual| usual.frameworks.contains(&framework))
}

/// The change that mends what the check `name` of [`explain`](super::explain()) found. `None` where no code is at fault,
/// or where it is not known for that framework.
pub fn patch(name: &str, framework: Framework) -> Option<&'static Patch> {
    ASSET.patch.iter().find(|patch| patch.check == name && patch.frameworks.contains(&framework))
}

#[cfg(test)]
mod tests {
    use super::super::CHECKS;
    use super::*;

    #[test]
    fn the_list_of_changes_is_whole_and_each_is_a_diff() {
        let Asset { patch: all, usual: places } = read().unwrap();
        for patch in &all {
            assert!(CHECKS.contains(&patch.check.as_str()), "{}", patch.check);
            assert!(patch.diff.lines().any(|line| line.starts_with('+')), "{}", patch.diff);
            assert!(patch.diff.lines().all(|line| line.starts_with(['+', '-', ' '])), "{}", patch.diff);
            assert!(patch.diff.lines().count() <= 14 && !patch.file.is_empty());
        }
        for framework in Framework::ALL {
            assert_eq!(Framework::of(framework.word()), Some(framework));
            for check in ["parser", "method", "status", "slow", "auth", "path", "claims", "environment", "key"] {
                assert!(patch(check, framework).is_some(), "{check} for {framework:?}");
            }
            let places: Vec<&Usual> = places.iter().filter(|one| one.frameworks.contains(&framework)).collect();
            assert!(places.len() == 1 && places[0].path.starts_with('/'), "{framework:?}");
            let twice = all.iter().filter(|one| one.check == "parser" && one.frameworks.contains(&framework));
            assert_eq!(twice.count(), 1);
        }
        let recipe = "app/api/kinde-webhook/route.ts";
        assert_eq!(usual(Framework::NextJs).map(|usual| usual.code.as_str()), Some(recipe), "as in Kinde's guide");
        for patch in all.iter().filter(|patch| patch.frameworks.contains(&Framework::NextJs)) {
            assert!(!patch.file.starts_with("app/api") || patch.file.starts_with(recipe), "{}", patch.file);
        }
        assert_eq!(patch("listening", Framework::Express), None);
        assert!(CHECKS.iter().all(|check| patch(check, Framework::Other).is_none()));
        assert_eq!(Framework::of("cobol").unwrap_or_default(), Framework::Other);
    }
}
