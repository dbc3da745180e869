"""Writes what other teams read: JSON Schemas, AsyncAPI and OpenAPI, all derived from the code."""
