//! Clients against verifiers, and both against another implementation.

#![allow(missing_docs)] // a test binary

mod docs;
mod oracle;
mod pairs;
mod support;
mod tamper;
