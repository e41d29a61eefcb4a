//! Placing an item between others in the order by hand.

use super::order_key::{BASE, OrderKey};

/// What spacing a gap costs beside the items that it changes. Without it, the cheapest would be a few items with a few
/// characters, again and again, until all keys around are long and a move changes dozens of others. Simulated with up
/// to 70,000 moves in a dozen patterns: 0, 30, 100, 300 and 1000 were too little for some of them.
const SPACING: usize = 3_000;

/// The key of an item that was placed between two neighbours, and the new keys of those around it that had to make room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub key: OrderKey,
    /// Of as many neighbours before it, the nearest first; most often of none.
    pub before: Vec<OrderKey>,
    /// Of as many neighbours after it, the nearest first; most often of none.
    pub after: Vec<OrderKey>,
}

/// Places an item between the neighbours `before` and `after` it, the nearest first, of which the caller has read up to
/// `limit` on either side: fewer are all that there are. `None` where that takes more neighbours, as it does where a
/// gap is crowded or neighbours have one key.
///
/// A crowded gap is spaced evenly between the nearest keys on either side that have at most a certain length. The
/// length is chosen for few changes in relation to the characters that are free again for later moves.
pub fn place(before: &[OrderKey], after: &[OrderKey], limit: usize) -> Option<Placed> {
    let gap = Gap {
        before,
        after,
        limit,
    };
    let alone = gap.run(OrderKey::MAX).filter(|run| run.others() == 0);
    let cheapest = || {
        let runs = (1..OrderKey::MAX).filter_map(|length| gap.run(length));
        runs.min_by(|a, b| a.cost().total_cmp(&b.cost()))
    };
    alone.or_else(cheapest).map(Run::spaced)
}

struct Gap<'a> {
    before: &'a [OrderKey],
    after: &'a [OrderKey],
    limit: usize,
}

/// Consecutive items around a gap that are to be spaced evenly between two numbers.
struct Run {
    before: usize,
    after: usize,
    low: Vec<u8>,
    /// Digits with which there are enough numbers between.
    digits: usize,
    /// By how much the bounds, cut to so many digits, differ.
    difference: i64,
}

impl Gap<'_> {
    /// All around the gap up to the nearest distinct keys of at most `length`. At an end of the order the bound is the
    /// next integer: the key of what is created later is that or a greater one.
    fn run(&self, length: usize) -> Option<Run> {
        let short = |key: &OrderKey| key.length() <= length;
        let first = self.before.last().or(self.after.first());
        let last = self.after.last().or(self.before.first());
        let (before, low) = self.bound(self.before, short, || Some(first?.integer_below()))?;
        let above = |key: &OrderKey| short(key) && key.digits() > low;
        let (after, high) = self.bound(self.after, above, || Some(last?.integer_above()))?;
        let (digits, difference) = room(&low, &high, before + after + 1)?;
        Some(Run {
            before,
            after,
            low,
            digits,
            difference,
        })
    }

    /// The nearest of `keys` that can be a bound, or the `end` of the order, and how many are nearer.
    fn bound(
        &self,
        keys: &[OrderKey],
        can_be: impl Fn(&OrderKey) -> bool,
        end: impl Fn() -> Option<Vec<u8>>,
    ) -> Option<(usize, Vec<u8>)> {
        match keys.iter().enumerate().find(|(_, key)| can_be(key)) {
            Some((nearer, key)) => Some((nearer, key.digits())),
            None if keys.len() < self.limit => Some((keys.len(), end()?)),
            None => None,
        }
    }
}

impl Run {
    /// How many items get another key than before, but for the one that is placed.
    fn others(&self) -> usize {
        self.before + self.after
    }

    /// What the others and [`SPACING`] cost, for each character that remains for later moves.
    fn cost(&self) -> f64 {
        (self.others() + SPACING) as f64 / (OrderKey::MAX + 1 - self.digits) as f64
    }

    fn spaced(self) -> Placed {
        let count = self.others() as i64 + 1;
        let key = |number: i64| self.key(self.difference * number / (count + 1));
        let own = self.before as i64 + 1;
        Placed {
            key: key(own),
            before: (1..own).rev().map(key).collect(),
            after: (own + 1..=count).map(key).collect(),
        }
    }

    /// The key that is `offset` above the lower bound, in units of the last digit.
    fn key(&self, offset: i64) -> OrderKey {
        let mut number = self.low.clone();
        number.resize(self.digits, 0);
        let (base, mut carry) = (i64::from(BASE), offset);
        for digit in number.iter_mut().rev() {
            carry += i64::from(*digit);
            *digit = (carry % base) as u8;
            carry /= base;
        }
        OrderKey::of_digits(number)
    }
}

/// The fewest digits with which `count` numbers lie between two, and the difference of the two in units of the last.
fn room(low: &[u8], high: &[u8], count: usize) -> Option<(usize, i64)> {
    let digit = |number: &[u8], at: usize| number.get(at).copied().map_or(0, i64::from);
    let (base, mut difference) = (i64::from(BASE), 0);
    for at in 0..OrderKey::MAX {
        difference = difference * base + digit(high, at) - digit(low, at);
        if difference < 0 {
            return None;
        }
        if difference > count as i64 {
            return Some((at + 1, difference));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::{
        prelude::*,
        test_runner::{RngAlgorithm, TestRng},
    };

    use super::*;

    /// Ids in their order with their keys, and what the moves so far have changed.
    #[derive(Default)]
    struct Order {
        items: Vec<(OrderKey, i64)>,
        created: i64,
        moves: usize,
        others: usize,
    }

    impl Order {
        fn of(count: i64) -> Self {
            let mut order = Self::default();
            (0..count).for_each(|_| order.create());
            order
        }

        /// As the service does: behind all, whatever was moved before.
        fn create(&mut self) {
            self.created += 1;
            let created = (OrderKey::of_id(self.created), self.created);
            assert!(self.items.last() < Some(&created));
            self.items.push(created);
        }

        /// Moves the item at `from` so that `to` others are before it.
        fn move_to(&mut self, from: usize, to: usize) {
            let (_, id) = self.items.remove(from);
            let (before, after) = self.items.split_at(to);
            let read = |limit: usize| {
                let before = before.iter().rev().take(limit).map(|item| item.0.clone());
                let after = after.iter().take(limit).map(|item| item.0.clone());
                let (before, after): (Vec<_>, Vec<_>) = (before.collect(), after.collect());
                let placed = place(&before, &after, limit)?;
                only_longer_ones_changed(&before, &placed.before);
                only_longer_ones_changed(&after, &placed.after);
                Some(placed)
            };
            let placed = read(1).or_else(|| read(5_000)).unwrap();
            let changed = placed.before.len() + placed.after.len();
            self.others += changed;
            self.moves += 1;
            for (number, key) in placed.before.into_iter().enumerate() {
                self.items[to - 1 - number].0 = key;
            }
            for (number, key) in placed.after.into_iter().enumerate() {
                self.items[to + number].0 = key;
            }
            self.items.insert(to, (placed.key, id));
            let around = to.saturating_sub(changed + 1)..self.items.len().min(to + changed + 2);
            let around = &self.items[around];
            assert!(around.is_sorted_by(|a, b| a.0 < b.0));
            assert!(around.iter().all(|(key, _)| is_valid(key)));
        }

        fn changes_per_move(&self) -> f64 {
            self.others as f64 / self.moves as f64
        }
    }

    fn only_longer_ones_changed(keys: &[OrderKey], changed: &[OrderKey]) {
        let bound = keys.get(changed.len()).map_or(0, |key| key.length());
        let mut changed = keys[..changed.len()].iter();
        assert!(changed.all(|key| key.length() > bound));
    }

    fn is_valid(key: &OrderKey) -> bool {
        (1..=OrderKey::MAX).contains(&key.length()) && OrderKey::of_digits(key.digits()) == *key
    }

    fn keys(texts: &[&str]) -> Vec<OrderKey> {
        texts.iter().copied().map(OrderKey::from).collect()
    }

    /// All keys of a placement in their order: of neighbours before, the item, and neighbours after.
    fn placed(before: &[&str], after: &[&str], limit: usize) -> Option<Vec<OrderKey>> {
        let placed = place(&keys(before), &keys(after), limit)?;
        let before = placed.before.into_iter().rev();
        Some(before.chain([placed.key]).chain(placed.after).collect())
    }

    #[test]
    fn one_key_lies_between_the_neighbours_and_at_the_ends_beside_them() {
        for (before, after, expected) in [
            (&["a1"][..], &["a2"][..], "a1V"),
            (&["a1"], &["a3"], "a2"),
            (&["a9"], &["b10"], "aa"),
            (&["az"], &["b10"], "b00"),
            (&["a1"], &["a11"], "a10V"),
            (&[], &["a1"], "a0V"),
            (&[], &["a0"], "ZzV"),
            (&[], &["Z0"], "YzzV"),
            (&["b12"], &[], "b12V"),
            (&["b12V"], &[], "b12k"),
            (&["az"], &[], "azV"),
        ] {
            let placed = placed(before, after, 1);
            assert_eq!(placed, Some(keys(&[expected])), "{before:?} {after:?}");
        }
    }

    #[test]
    fn neighbours_with_one_key_are_told_apart() {
        assert_eq!(placed(&["a5"], &["a5"], 1), None);
        let apart = placed(&["a5"], &["a5"], 2);
        assert_eq!(apart, Some(keys(&["a5K", "a5f"])));
        let apart = placed(&["a5", "a5"], &["a5", "a5", "a6"], 4);
        assert_eq!(apart, Some(keys(&["a5F", "a5V", "a5k"])));
    }

    #[test]
    fn crowded_gap_is_spaced_within_its_bounds() {
        let long = |end: char| "a1".to_owned() + &"0".repeat(252) + &end.to_string();
        let (one, two, three) = (long('1'), long('2'), long('3'));
        let (before, after) = ([&*one, "a1"], [&*two, &*three, "a2"]);
        // Both directions are open as long as the limit says that there may be more.
        assert_eq!(placed(&before[..1], &after[..1], 1), None);
        assert_eq!(placed(&before[..1], &after[..2], 2), None);
        let spaced = placed(&before, &after, 3);
        assert_eq!(spaced, Some(keys(&["a1C", "a1O", "a1b", "a1n"])));
    }

    #[test]
    fn moves_change_fewer_than_two_others_on_average() {
        let pattern = |count: i64, moves: usize, step: &dyn Fn(usize) -> (usize, usize)| {
            let mut order = Order::of(count);
            for number in 0..moves {
                let (from, to) = step(number);
                order.move_to(from, to);
            }
            order.changes_per_move()
        };
        // Some margin below the two.
        let crowds = |changes: f64| assert!(0.0 < changes && changes < 1.1, "{changes}");
        // Distinct ones after the same one and before the same one; two in turns; all to the end, again and again.
        crowds(pattern(6_000, 5_000, &|_| (5_999, 100)));
        crowds(pattern(6_000, 5_000, &|_| (0, 5_900)));
        crowds(pattern(3, 5_000, &|_| (2, 1)));
        crowds(pattern(500, 5_000, &|_| (0, 499)));
        // At random among the next few.
        let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut next = || 100 + random.next_u32() as usize % 3;
        let targets: Vec<usize> = (0..12_000).map(|_| next()).collect();
        crowds(pattern(13_000, 12_000, &|number| (12_999, targets[number])));
        // Into the middle of what was moved before.
        crowds(pattern(6_000, 5_000, &|number| (5_999, 100 + number / 2)));
        // To the front there is always room.
        assert_eq!(pattern(500, 5_000, &|_| (499, 0)), 0.0);
    }

    proptest! {
        #[test]
        fn any_moves_and_creations_keep_the_order(
            count in 2..12i64,
            steps in prop::collection::vec((0..64usize, 0..64usize, 0..9u8), 0..3_000),
        ) {
            let mut order = Order::of(count);
            for (from, to, kind) in steps {
                let last = order.items.len() - 1;
                match kind {
                    0 if last < 60 => order.create(),
                    0..3 => order.move_to(from % (last + 1), to % (last + 1)),
                    3..6 => order.move_to(last, 1),
                    _ => order.move_to(0, last),
                }
            }
            let keys = order.items.iter().map(|(key, _)| key);
            prop_assert!(keys.is_sorted_by(|a, b| a < b));
            prop_assert!(order.others <= 2 * order.moves);
        }
    }
}
