//! Talks: the parser against good and broken files, and every talk of the tree run for real.

mod parse;
