"""Sign the act on stdin with the key in MEMBER_KEY; print the body for POST /v1/acts/{id}/signatures."""

import json
import os
import sys

from eth_account import Account
from eth_account.messages import encode_typed_data

act = json.load(sys.stdin)
signable = encode_typed_data(full_message=act["typed_data"])
signed = Account.sign_message(signable, os.environ["MEMBER_KEY"])
json.dump({"signature": "0x" + bytes(signed.signature).hex()}, sys.stdout)
