//! The objects that replies are made of, each read in one place.
