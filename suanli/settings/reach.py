"""Recipients outside of Feishu: whether there is a way to each, and who of the admins they are."""

from collections.abc import Iterable, Iterator

from suanli.settings.addresses import MAIL, ROBOT, WELINK
from suanli.settings.mail import Mail
from suanli.settings.problems import problem
from suanli.settings.welink import Welink, no_such_robot
from suanli.settings.wording import Loc, Mistake


def strange_robots(recipients: Iterable[tuple[Loc, str]], welink: Welink) -> Iterator[Mistake]:
    """A mistake for each recipient that is a robot which there is not."""
    for loc, recipient in recipients:
        name = recipient.removeprefix(ROBOT)
        if name != recipient and name not in welink.all_robots:
            yield loc, no_such_robot(name, welink.all_robots)


def unreachable(recipients: Iterable[str], welink: Welink, mail: Mail) -> Iterator[str]:
    """A warning for each recipient whose channel is not set up."""
    for recipient in dict.fromkeys(recipients):
        needed = _needed_for(recipient, welink, mail)
        if needed:
            yield problem(recipient, f"没有 {needed}，消息发不到 / cannot be told without {needed}")


def _needed_for(recipient: str, welink: Welink, mail: Mail) -> str:
    if recipient.startswith(WELINK) and not welink.has_app:
        return "WELINK_CLIENT_ID"
    if recipient.startswith(MAIL) and not mail.is_on:
        return "mail.smtp_host"
    # Of the original's JSON file; suanli.toml and the variables are refused with such a name.
    if recipient.startswith(ROBOT) and recipient.removeprefix(ROBOT) not in welink.all_robots:
        return "[welink.robots]"
    return ""


def admin_ids(admins: Iterable[str]) -> frozenset[str]:
    """The ids under which admins write: Feishu's as they are, a WeLink person's as name@tenant.

    Whoever is only told (an e-mail address, a robot) is none of them: else a WeLink person whose id looks like an
    admin's e-mail address would be that admin.
    """
    return frozenset(
        admin.removeprefix(WELINK) for admin in admins if admin.startswith(WELINK) or not {"@", ":"} & set(admin)
    )
