"""Send a mail to the running playground's support@: `python -m tests.playground.mail --port PORT --help`."""

import argparse
import asyncio

from tests.harness.letters import letter, post

SUPPORT = "support@idb.com.vn"
CUSTOMER = "Trần Thị Mẫu <mot@anphu.example>"
ENGINEER = "Lê Hoài An <an.le@trucban.example>"


def main() -> None:
    """Send what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.playground.mail", description=__doc__.partition(":")[0])
    parser.add_argument("--port", type=int, required=True, help="SMTP port that ./run playground printed")
    parser.add_argument("--subject", default="[P1] Tổng đài không gọi được")
    parser.add_argument("--text", default="Từ sáng nay cả team 25 kênh không gọi ra được.")
    parser.add_argument("--answers", metavar="MESSAGE-ID", help="write as the engineer, in answer to this mail")
    options = parser.parse_args()
    sender, copy = (ENGINEER, CUSTOMER) if options.answers else (CUSTOMER, "")
    message = letter(sender, options.subject, options.text, to=SUPPORT, cc=copy, in_reply_to=options.answers)
    message_id = asyncio.run(post(options.port, message))
    print(f"sent by {sender}")
    print(f"Message-ID {message_id}")


if __name__ == "__main__":
    main()
