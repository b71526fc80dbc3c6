//! Nothing stays unseen beyond `max_days`: which calls that makes due now.

/// Share of `max_days` after which a call should have been made. The rest is for looks that cost more than expected, such as
/// one at a list that woke up.
pub(super) const AIM: f64 = 0.95;

/// A call with a deadline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Due {
    /// Place in the caller's list.
    pub place: usize,
    /// Time until the deadline; negative if it has passed.
    pub left_hours: f64,
    pub dollars: f64,
}

/// Returns how many of the calls, which are in the order of their deadlines, must be bought now.
///
/// For each k, the first k calls must fit into the income until the k-th deadline. What does not fit is bought now. So if many
/// lists reach their deadline at the same time, their calls begin earlier and are spread.
///
/// Deadlines may not count on the whole income, or nothing else would be bought for days before such a crowd. `max_hours` and
/// the cost of all calls give the share u of the income that deadlines need in the long run. They may count on half of the rest
/// too, which is (1 + u) ÷ 2 of the income.
pub(super) fn due_now(calls: &[Due], usd_per_hour: f64, max_hours: f64) -> usize {
    let all: f64 = calls.iter().map(|call| call.dollars).sum();
    let income = usd_per_hour.min((usd_per_hour + all / max_hours) / 2.0);
    let (mut sum, mut needed) = (0.0, 0.0_f64);
    for call in calls {
        sum += call.dollars;
        needed = needed.max(sum - income * call.left_hours.max(0.0));
    }
    let mut bought = 0.0;
    let is_due = |call: &&Due| {
        let is_due = bought < needed;
        bought += call.dollars;
        is_due
    };
    calls.iter().take_while(is_due).count()
}

#[cfg(test)]
mod tests {
    use super::{Due, due_now};

    fn crowd(count: usize, left_hours: f64) -> Vec<Due> {
        let due = |place| Due {
            place,
            left_hours,
            dollars: 1.0,
        };
        (0..count).map(due).collect()
    }

    #[test]
    fn far_deadlines_make_nothing_due() {
        assert_eq!(due_now(&[], 1.0, 100.0), 0);
        assert_eq!(due_now(&crowd(50, 90.0), 1.0, 100.0), 0);
    }

    #[test]
    fn what_the_income_until_a_common_deadline_does_not_cover_is_due_now() {
        // 50 calls in 100 hours need half of the income, so they may count on three quarters of it: 45 dollars in 60 hours.
        assert_eq!(due_now(&crowd(50, 60.0), 1.0, 100.0), 5);
        // If the deadlines need all of it, they may count on all of it.
        assert_eq!(due_now(&crowd(100, 99.5), 1.0, 100.0), 1);
        assert_eq!(due_now(&crowd(300, 100.0), 1.0, 100.0), 200);
    }

    #[test]
    fn a_passed_deadline_is_due_and_later_ones_wait() {
        let mut calls = crowd(2, -5.0);
        calls.extend(crowd(3, 90.0));
        assert_eq!(due_now(&calls, 1.0, 100.0), 2);
    }
}
