//! One folder a tab. Screens draw and push Actions; they never do I/O.
