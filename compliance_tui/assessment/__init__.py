"""The working folder: responses, evidence items, waivers, sign-offs, audit log; checks and readiness over them."""
