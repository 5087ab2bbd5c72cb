//! Which rows are chosen: one, several, or all that match. By number, so that arrivals move nothing.

use std::collections::BTreeSet;

use crate::backend::history::Which;
use crate::store::attempts::Filter;

/// What is chosen.
#[derive(Debug, Default)]
pub(super) struct Selection {
    chosen: BTreeSet<i64>,
    anchor: Option<i64>,
    /// Where the keyboard is.
    pub cursor: Option<i64>,
    /// Everything that matches, shown or not.
    pub all: bool,
}

/// How a row was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It alone.
    Alone,
    /// Ctrl: it too, or no longer.
    Toggled,
    /// Shift: from the first one to it.
    Through,
}

impl How {
    pub fn of(modifiers: egui::Modifiers) -> Self {
        match (modifiers.shift, modifiers.command) {
            (true, _) => Self::Through,
            (false, true) => Self::Toggled,
            (false, false) => Self::Alone,
        }
    }
}

impl Selection {
    pub fn has(&self, seq: i64) -> bool {
        self.all || self.chosen.contains(&seq)
    }

    /// The one that is chosen alone.
    pub fn single(&self) -> Option<i64> {
        if self.all || self.chosen.len() != 1 { None } else { self.chosen.first().copied() }
    }

    /// How many, where not everything is.
    pub fn count(&self) -> usize {
        self.chosen.len()
    }

    pub fn is_empty(&self) -> bool {
        !self.all && self.chosen.is_empty()
    }

    /// Those that are chosen one by one.
    pub fn chosen(&self) -> impl Iterator<Item = i64> {
        self.chosen.iter().copied()
    }

    pub fn which(&self, filter: &Filter) -> Which {
        if self.all {
            Which::Matching(Box::new(filter.clone()))
        } else {
            Which::These(self.chosen.iter().copied().collect())
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn everything(&mut self) {
        self.chosen.clear();
        self.all = true;
    }

    /// `seqs` are the rows held, highest first.
    pub fn choose(&mut self, seqs: &[i64], seq: i64, how: How) {
        self.all = false;
        match how {
            How::Alone => {
                self.chosen = BTreeSet::from([seq]);
                self.anchor = Some(seq);
            }
            How::Toggled => {
                if !self.chosen.remove(&seq) {
                    self.chosen.insert(seq);
                }
                self.anchor = Some(seq);
            }
            How::Through => {
                let anchor = self.anchor.unwrap_or(seq);
                let (low, high) = (anchor.min(seq), anchor.max(seq));
                self.chosen = seqs.iter().copied().filter(|held| (low..=high).contains(held)).collect();
                self.anchor = Some(anchor);
            }
        }
        self.cursor = Some(seq);
    }

    /// Moves the cursor by `steps` rows, down for positive ones; answers where it is now.
    pub fn step(&mut self, seqs: &[i64], steps: isize, how: How) -> Option<usize> {
        let last = seqs.len().checked_sub(1)?;
        let at = self.cursor.and_then(|cursor| seqs.iter().position(|seq| *seq == cursor));
        let to = match at {
            Some(at) => at.saturating_add_signed(steps).min(last),
            None if steps < 0 => last,
            None => 0,
        };
        self.choose(seqs, *seqs.get(to)?, how);
        Some(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(selection: &Selection) -> Vec<i64> {
        selection.chosen.iter().copied().collect()
    }

    #[test]
    fn clicks_with_and_without_keys_choose_one_several_and_a_range_and_arrows_move_on() {
        let seqs = [9, 7, 5, 3, 1];
        let mut selection = Selection::default();
        selection.choose(&seqs, 7, How::Alone);
        assert_eq!(selection.single(), Some(7));
        selection.choose(&seqs, 3, How::Through);
        assert_eq!(chosen(&selection), [3, 5, 7]);
        selection.choose(&seqs, 9, How::Through);
        assert_eq!(chosen(&selection), [7, 9], "from where it began");
        selection.choose(&seqs, 1, How::Toggled);
        selection.choose(&seqs, 9, How::Toggled);
        assert_eq!(chosen(&selection), [1, 7]);
        assert_eq!(selection.step(&seqs, 1, How::Alone), Some(1), "below the one clicked last");
        assert_eq!(selection.step(&seqs, 9, How::Through), Some(4));
        assert_eq!(chosen(&selection), [1, 3, 5, 7]);
        selection.everything();
        assert!(selection.has(12345) && selection.single().is_none());
        selection.clear();
        assert!(selection.is_empty());
        assert_eq!(selection.step(&[], 1, How::Alone), None);
    }
}
