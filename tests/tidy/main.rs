//! What a machine can check of how the tree is laid out, so that no reviewer has to: the order of the
//! hub's slices, names, lengths, leftovers, licences, links. Each rule is one test with its reason;
//! a finding names file and line.

mod layout;
mod leftovers;
mod licences;
mod links;
mod slices;
mod tree;
