"""The benchmark inside other people's tools: one file a library, each an optional extra (docs/adaptors.md)."""
