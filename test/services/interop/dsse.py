"""Opens an envelope with securesystemslib, which knows nothing of Throughline: dsse.py ENVELOPE KEYID PUBLIC-KEY-HEX"""

import json
import sys

from securesystemslib.dsse import Envelope
from securesystemslib.signer import Key

path, keyid, public = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    envelope = Envelope.from_dict(json.load(file))
value = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}}
accepted = envelope.verify([Key.from_dict(keyid, value)], 1)
print(json.dumps({"payloadType": envelope.payload_type, "payload": envelope.payload.decode(), "keys": len(accepted)}))
