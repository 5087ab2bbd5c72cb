//! The transcript as it grows. Nothing gets into it that was not masked first.

use super::hide::Hider;
use super::stage::Progress;
use super::told::{Line, Side};

/// Lines of one reply that are shown; the rest is counted.
const MOST_LINES: usize = 40;
/// Characters of one line that are shown.
const MOST_CHARS: usize = 1000;
/// Lines of a whole transcript.
const MOST: usize = 2000;

/// Takes the lines of one run, and tells each as it comes.
pub(super) struct Script<'a> {
    lines: Vec<Line>,
    hider: Hider,
    sink: &'a (dyn Fn(Progress) + Send + Sync),
}

impl<'a> Script<'a> {
    pub(super) fn new(hider: Hider, sink: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        Self { lines: Vec::new(), hider, sink }
    }

    /// What this computer said, as it may be shown: a command with a secret in it is given without.
    pub(super) fn client(&mut self, shown: &str) {
        self.push(Side::Client, shown.to_owned());
    }

    /// What happened between two lines.
    pub(super) fn note(&mut self, text: &str) {
        let text = self.hider.text(text);
        self.push(Side::Note, text);
    }

    /// What the server said. Gives the lines back masked, whole: nothing else of the run sees them as they came.
    pub(super) fn server(&mut self, lines: &[String]) -> Vec<String> {
        let masked = self.hider.lines(lines);
        for line in masked.iter().take(MOST_LINES) {
            self.push(Side::Server, cut(line));
        }
        if masked.len() > MOST_LINES {
            self.push(Side::Note, format!("{} more lines of this reply", masked.len() - MOST_LINES));
        }
        masked
    }

    /// The lines of a reply, each with how many characters stand before its text. The texts are looked at as the one text
    /// they are: a code between two of its halves must not hide a secret.
    pub(super) fn reply(&mut self, lines: &[(String, usize)]) -> Vec<String> {
        let texts: Vec<String> = lines.iter().map(|(line, skip)| line.chars().skip(*skip).collect()).collect();
        let masked = self.hider.lines(&texts);
        let whole: Vec<String> = lines
            .iter()
            .zip(masked)
            .map(|((line, skip), text)| line.chars().take(*skip).collect::<String>() + &text)
            .collect();
        self.server(&whole)
    }

    /// `text` of the other side, masked.
    pub(super) fn masked(&self, text: &str) -> String {
        cut(&self.hider.text(text))
    }

    pub(super) fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    fn push(&mut self, side: Side, text: String) {
        if self.lines.len() < MOST {
            let line = Line { side, text };
            (self.sink)(Progress::Line(line.clone()));
            self.lines.push(line);
        }
    }
}

/// A line short enough to be shown.
pub(super) fn cut(line: &str) -> String {
    let count = line.chars().count();
    if count <= MOST_CHARS {
        return line.to_owned();
    }
    let begin: String = line.chars().take(MOST_CHARS).collect();
    format!("{begin}… ({count} characters)")
}
