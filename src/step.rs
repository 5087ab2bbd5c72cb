//! One step of a long job, as the timeline shows it. Plain data, redacted where it is created.

use jiff::Timestamp;
use serde::Serialize;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Going on.
    Running,
    /// Done as it should be.
    Done,
    /// It went wrong: the detail says why.
    Failed,
}

/// One step: what the job did, what came back, how long it took.
///
/// A step with the `id` of an earlier one replaces it, so a running step turns into a done one in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Stable name within the job, for example `auth_url`.
    pub id: &'static str,
    /// What a person reads.
    pub title: String,
    /// Where it stands.
    pub state: StepState,
    /// What came back, or why it failed; redacted.
    pub detail: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: Option<u64>,
    /// When it was last changed.
    pub at: Timestamp,
    /// The call as a curl line that runs; redacted.
    pub curl: Option<String>,
}

impl Step {
    /// A step at `at` in `state`.
    pub fn new(id: &'static str, title: impl Into<String>, state: StepState, at: Timestamp) -> Self {
        Self { id, title: title.into(), state, detail: None, ms: None, at, curl: None }
    }

    /// Adds what came back.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds how long it took.
    #[must_use]
    pub fn took_ms(mut self, ms: u64) -> Self {
        self.ms = Some(ms);
        self
    }

    /// Adds the call as a curl line.
    #[must_use]
    pub fn curl(mut self, curl: impl Into<String>) -> Self {
        self.curl = Some(curl.into());
        self
    }
}

/// Puts `step` into `list`: over the step of the same id, else at the end.
pub fn place(list: &mut Vec<Step>, step: Step) {
    match list.iter_mut().find(|old| old.id == step.id) {
        Some(old) => *old = step,
        None => list.push(step),
    }
}

/// A timeline as text to paste: one line a step, its detail indented below.
pub fn as_text(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let state = match step.state {
            StepState::Waiting => "waiting",
            StepState::Running => "running",
            StepState::Done => "done",
            StepState::Failed => "failed",
        };
        let ms = step.ms.map(|ms| format!(" · {ms} ms")).unwrap_or_default();
        text.push_str(&format!("{} {state}: {}{ms}\n", crate::clock::rfc3339(step.at), step.title));
        if let Some(detail) = &step.detail {
            text.push_str(&format!("    {detail}\n"));
        }
        if let Some(curl) = &step.curl {
            text.push_str(&format!("    {curl}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_same_id_takes_the_place_of_the_earlier_one() {
        let mut list = Vec::new();
        place(&mut list, Step::new("url", "Asking", StepState::Running, Timestamp::UNIX_EPOCH));
        place(&mut list, Step::new("open", "Open", StepState::Waiting, Timestamp::UNIX_EPOCH));
        place(&mut list, Step::new("url", "Asked", StepState::Done, Timestamp::UNIX_EPOCH).took_ms(7).detail("ok"));
        assert_eq!(list.len(), 2);
        assert_eq!(
            as_text(&list),
            "1970-01-01T00:00:00Z done: Asked · 7 ms\n    ok\n1970-01-01T00:00:00Z waiting: Open\n"
        );
    }
}
