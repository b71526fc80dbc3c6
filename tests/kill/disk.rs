//! The disk is full, the file is locked or cannot be written.
