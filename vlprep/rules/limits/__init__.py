"""The documented limits as rules with stable ids: facts in, findings out; no files."""

from vlprep.rules.limits.finding import Finding as Finding
from vlprep.rules.limits.finding import Severity as Severity
