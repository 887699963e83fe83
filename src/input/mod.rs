//! Keys to actions: chords, the keymap, the help made from it.
