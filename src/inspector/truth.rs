//! A payload beside what Kinde says of the same event: `GET /api/v1/events/{event_id}`, field by field.
//!
//! The signature says who wrote a payload; this says whether Kinde still tells it the same way. Kinde names the moment of
//! an event `timestamp`, as an integer or as text; a payload may have that moment as `event_timestamp`, and its own
//! `timestamp` is then the time of sending.

use serde_json::Value;

use super::compare::flatten;
use crate::check::Check;
use crate::error::UserError;
use crate::jwt::Json;
use crate::kinde::{ApiError, ApiErrorKind, KindeApi, parse_time};

/// The scope that the call wants.
pub const SCOPE: &str = "read:events";

/// How a field of the payload stands to Kinde's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Both have the same.
    Same,
    /// Both have the same moment, spelled otherwise.
    SameMoment,
    /// They differ.
    Differs,
    /// Only the payload has it.
    OnlyHere,
    /// Only Kinde's copy has it.
    OnlyThere,
}

impl Standing {
    /// In words, for a list.
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "the same",
            Self::SameMoment => "the same moment, spelled otherwise",
            Self::Differs => "differs",
            Self::OnlyHere => "not in Kinde's copy",
            Self::OnlyThere => "not in the payload",
        }
    }
}

/// One field of the payload, of Kinde's copy, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `data.user.email`, as the payload spells it.
    pub path: String,
    /// As the payload has it, exact.
    pub here: Option<String>,
    /// As Kinde's copy has it.
    pub there: Option<String>,
    /// How the two stand to each other.
    pub standing: Standing,
}

/// What asking Kinde came to.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The finding.
    pub check: Check,
    /// Field by field, the payload's order first; empty where Kinde has no copy.
    pub rows: Vec<Row>,
    /// Kinde's copy as it came.
    pub copy: Option<Value>,
}

impl Truth {
    fn alone(check: Check) -> Self {
        Self { check, rows: Vec::new(), copy: None }
    }
}

/// Asks Kinde for the event of `claims` and compares.
pub async fn look(api: &KindeApi, claims: &Json) -> Truth {
    let Some(id) = claims.get("event_id").and_then(Json::as_text).filter(|id| !id.is_empty()) else {
        return Truth::alone(Check::skipped("truth", "The payload has no `event_id` to ask Kinde for"));
    };
    match api.event(id).await {
        Ok(reply) => {
            let copy = reply.body.get("event").cloned().unwrap_or_default();
            let rows = compare(&copy, claims);
            Truth { check: judge(id, &rows), rows, copy: Some(copy) }
        }
        Err(error) => Truth::alone(without_copy(id, error)),
    }
}

/// The fields of `claims` beside those of `event`, the member `event` of Kinde's answer.
pub fn compare(event: &Value, claims: &Json) -> Vec<Row> {
    let mut there = Vec::new();
    if let Ok(event) = Json::parse(event.to_string().as_bytes()) {
        flatten("", &event, &mut there);
    }
    let mut here = Vec::new();
    flatten("", claims, &mut here);
    // The moment of the event has another name in a payload that also tells when it was sent.
    let own_moment = here.iter().any(|(path, _)| path == "event_timestamp");
    let mut rows = Vec::new();
    for (path, value) in here {
        let name = match path.as_str() {
            "event_timestamp" => "timestamp",
            "timestamp" if own_moment => "",
            path => path,
        };
        let other = there.iter().position(|(path, _)| path == name).map(|at| there.remove(at).1);
        rows.push(Row { standing: stand(&value, other.as_deref()), path, here: Some(value), there: other });
    }
    let only = |(path, value)| Row { path, here: None, there: Some(value), standing: Standing::OnlyThere };
    rows.extend(there.into_iter().map(only));
    rows
}

fn stand(here: &str, there: Option<&str>) -> Standing {
    let Some(there) = there else { return Standing::OnlyHere };
    if here == there {
        return Standing::Same;
    }
    let moment = |text: &str| serde_json::from_str::<Value>(text).ok().as_ref().and_then(parse_time);
    match (moment(here), moment(there)) {
        // An integer holds whole seconds.
        (Some(here), Some(there)) if here.as_second() == there.as_second() => Standing::SameMoment,
        _ => Standing::Differs,
    }
}

/// What the rows come to.
fn judge(id: &str, rows: &[Row]) -> Check {
    let of = |standing: Standing| {
        // What is null on one side and absent on the other says the same.
        let some =
            |row: &&Row| row.standing == standing && ![&row.here, &row.there].contains(&&Some("null".to_owned()));
        rows.iter().filter(some).map(|row| row.path.as_str()).collect::<Vec<_>>()
    };
    let differs = of(Standing::Differs);
    let told = |paths: &[&str]| match paths {
        [] => String::new(),
        [first, second, third, _, rest @ ..] => format!("{first}, {second}, {third} and {} more", rest.len() + 1),
        few => few.join(", "),
    };
    let (moments, differs): (Vec<&str>, Vec<&str>) =
        differs.into_iter().partition(|path| matches!(*path, "timestamp" | "event_timestamp"));
    if !differs.is_empty() {
        return Check::fail(
            "truth",
            format!("Kinde tells this event otherwise: {}", told(&differs)),
            "Compare the fields. What was changed after signing fails its signature too; where the signature verifies, \
             read the current state through the API before acting on the payload",
        )
        .seen(id);
    }
    let missing: Vec<&str> =
        of(Standing::OnlyHere).into_iter().filter(|path| *path != "timestamp").chain(of(Standing::OnlyThere)).collect();
    if !missing.is_empty() {
        let why = format!("What both have is the same, and one of them lacks {}", told(&missing));
        let fix = "Nothing, as long as your handler treats these fields as optional";
        return Check::warn("truth", why, fix).seen(id);
    }
    if !moments.is_empty() {
        let why = "Everything is the same but the moment: the payload tells when it was sent, Kinde when it happened";
        return Check::warn("truth", why, "Judge its age by the time of the event, not by `timestamp`").seen(id);
    }
    Check::pass("truth").seen(id).because("Kinde tells this event the same way")
}

/// Kinde gave no copy: why, and what to do.
fn without_copy(id: &str, error: ApiError) -> Check {
    match &error.kind {
        ApiErrorKind::NotFound | ApiErrorKind::Validation => Check::warn(
            "truth",
            "Kinde does not know this event. It may be of another environment, be too new or too old to be looked up, come \
             from a sandbox, or never have happened",
            "Choose the profile of the environment whose key signed it, and ask again in a minute. An event that no \
             environment knows and whose signature does not verify was made by somebody else",
        )
        .seen(id),
        ApiErrorKind::ScopeMissing(scope) => {
            let scope = if scope.is_empty() { SCOPE } else { scope.as_str() };
            Check::warn(
                "truth",
                format!("Kinde was not asked: the M2M application has no `{scope}`"),
                format!("Add `{scope}` to the application's scopes for the Management API, then ask again"),
            )
            .seen(id)
        }
        _ => {
            let error = UserError::from(error);
            Check::skipped("truth", format!("Kinde was asked and gave no copy: {}. {}", error.title, error.detail))
                .seen(id)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::Verdict;

    fn rows(event: &Value, claims: &Value) -> Vec<Row> {
        compare(event, &Json::parse(claims.to_string().as_bytes()).unwrap())
    }

    fn standing(rows: &[Row], path: &str) -> Standing {
        rows.iter().find(|row| row.path == path).unwrap_or_else(|| panic!("{path}")).standing
    }

    #[test]
    fn fields_are_the_same_differ_or_are_missing_on_one_side() {
        let event = json!({"type": "user.updated", "event_id": "event_1", "source": "api", "timestamp": "2024-05-01T07:41:45Z",
            "data": {"user": {"id": "kp_1", "email": "new@example.com", "roles": ["a", "b"]}}});
        let claims = json!({"type": "user.updated", "event_id": "event_1", "timestamp": "2024-05-01T07:41:45Z",
            "data": {"user": {"id": "kp_1", "email": "old@example.com", "roles": ["a"], "phone": "1"}}});
        let rows = rows(&event, &claims);
        assert_eq!(standing(&rows, "type"), Standing::Same);
        assert_eq!(standing(&rows, "data.user.email"), Standing::Differs);
        assert_eq!(standing(&rows, "data.user.phone"), Standing::OnlyHere);
        assert_eq!(standing(&rows, "data.user.roles[1]"), Standing::OnlyThere);
        assert_eq!(standing(&rows, "source"), Standing::OnlyThere);
        let check = judge("event_1", &rows);
        assert_eq!(check.verdict, Verdict::Fail);
        assert!(check.why.unwrap().ends_with("data.user.email"), "only what differs is named");
    }

    #[test]
    fn a_moment_is_the_same_as_an_integer_or_as_text_and_under_either_name() {
        let claims = |name: &str, at: &str| json!({"type": "t", "event_id": "e", name: at});
        for there in [json!(1_714_549_305), json!(1_714_549_305_592_i64), json!("2024-05-01T07:41:45.592145+00:00")] {
            let event = json!({"type": "t", "event_id": "e", "timestamp": there});
            for claims in [
                claims("timestamp", "2024-05-01T17:41:45.592145+10:00"),
                json!({"type": "t", "event_id": "e", "event_timestamp": "2024-05-01T07:41:45Z", "timestamp": "2024-05-02T07:41:45Z"}),
            ] {
                let rows = rows(&event, &claims);
                assert_eq!(judge("e", &rows).verdict, Verdict::Pass, "{rows:?}");
            }
        }
        let event = json!({"type": "t", "event_id": "e", "timestamp": 1_714_549_305});
        let late = rows(&event, &claims("timestamp", "2024-05-01T09:00:00Z"));
        assert_eq!(judge("e", &late).verdict, Verdict::Warn, "it may be the time of sending");
    }

    #[test]
    fn what_is_null_here_and_absent_there_is_no_trouble_and_what_is_missing_is_a_warning() {
        let event = json!({"type": "t", "event_id": "e", "data": {"a": 1}});
        assert_eq!(
            judge("e", &rows(&event, &json!({"type": "t", "event_id": "e", "data": {"a": 1, "b": null}}))).verdict,
            Verdict::Pass
        );
        let check = judge("e", &rows(&event, &json!({"type": "t", "event_id": "e", "data": {"a": 1, "b": 2}})));
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(check.why.unwrap().contains("data.b"));
    }

    #[test]
    fn each_way_of_having_no_copy_is_told() {
        let told =
            |kind| without_copy("e", ApiError { kind, status: None, codes: Vec::new(), retry_after: None, wire: None });
        let unknown = told(ApiErrorKind::NotFound);
        assert_eq!(unknown.verdict, Verdict::Warn);
        assert!(unknown.why.unwrap().contains("another environment"));
        let scope = told(ApiErrorKind::ScopeMissing(SCOPE.to_owned()));
        assert!(scope.verdict == Verdict::Warn && scope.fix.unwrap().contains(SCOPE));
        assert_eq!(told(ApiErrorKind::Server).verdict, Verdict::Skipped);
    }
}
