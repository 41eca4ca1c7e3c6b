"""The engines: policy and facts in, decision out; pure."""
