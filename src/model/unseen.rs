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

/// Returns whether a character can change how a terminal shows what is around it: control characters, those that turn the
/// direction (Unicode's property Bidi_Control), and separators of lines.
#[must_use]
pub fn is_control(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
        for letter in "aß電ع٣ 👩\u{200d}👩\u{fe0f}\u{200c}\u{ad}".chars() {
            assert!(!is_control(letter), "{letter:?}");
        }
        for letter in "aß電ع٣ 👩‍\u{fe0f}".chars().filter(|it| *it != '\u{200d}') {
            assert!(!is_unseen(letter), "{letter:?}");
        }
    }
}
