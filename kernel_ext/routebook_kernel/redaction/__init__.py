"""Take credentials out of what is shown and written. Pure; whoever shows something decodes it here.

`Secrets` knows the names, `Hider` one exchange. Every value is met once in its document (`documents`, `json_text`,
`markup`, `tables`, `text`), decoded, with its name; a `Visitor` decides what is written. `names` says what a name says,
`shapes` what a value looks like, `knowledge` what the exchange carries elsewhere.
"""

from routebook_kernel.redaction.secrets import USUAL, Hider, Secrets
from routebook_kernel.redaction.text import hide_known
from routebook_kernel.redaction.visitor import HIDDEN

__all__ = ["HIDDEN", "USUAL", "Hider", "Secrets", "hide_known"]
