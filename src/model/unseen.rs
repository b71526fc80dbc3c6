//! Characters that are not seen, or turn the direction of a text.

/// Returns whether a character formats a text without being seen: Unicode's categories Cf, Zl and Zp, which contain all
/// characters that turn the direction.
#[must_use]
pub fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns whether a character must not come to a terminal from a text of the remote: control characters, which order it
/// something, and those that are not seen. These turn the direction, or hide a part of a word, so that it looks like another one:
/// those of [`is_unseen`], and all others that Unicode's property Default_Ignorable_Code_Point has, but for the two selectors
/// of emoji.
#[must_use]
pub fn is_control(letter: char) -> bool {
    letter.is_control()
        || is_unseen(letter)
        || matches!(letter,
            '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0d}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{is_control, is_unseen};

    #[test]
    fn all_characters_that_turn_the_direction_are_unseen_and_letters_are_not() {
        // Unicode's property Bidi_Control.
        let turning = ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter();
        let turning = turning.chain('\u{202a}'..='\u{202e}');
        for letter in turning.chain('\u{2066}'..='\u{2069}') {
            assert!(is_unseen(letter) && is_control(letter), "{letter:?}");
        }
        for letter in "aß電ع٣ 👩é\u{301}\u{fe0f}한".chars() {
            assert!(!is_unseen(letter) && !is_control(letter), "{letter:?}");
        }
    }

    #[test]
    fn nothing_that_is_not_seen_comes_to_a_terminal() {
        let ranges = [
            '\u{ad}'..='\u{ad}',
            '\u{34f}'..='\u{34f}',
            '\u{115f}'..='\u{1160}',
            '\u{17b4}'..='\u{17b5}',
            '\u{180b}'..='\u{180f}',
            '\u{200b}'..='\u{200f}',
            '\u{2028}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
            '\u{3164}'..='\u{3164}',
            '\u{fe00}'..='\u{fe0d}',
            '\u{feff}'..='\u{feff}',
            '\u{ffa0}'..='\u{ffa0}',
            '\u{fff0}'..='\u{fffb}',
            '\u{1bca0}'..='\u{1bca3}',
            '\u{1d173}'..='\u{1d17a}',
            '\u{e0000}'..='\u{e0fff}',
        ];
        for letter in ranges.into_iter().flatten() {
            assert!(is_control(letter), "{letter:?}");
        }
    }
}
