"""What the house is made of, and what causes what, on one screen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import click
from flask import Blueprint
from sqlalchemy import Executable

import app.accounts.models
import app.accounts.queries
import app.accounts.views
import app.core.media
import app.houses.models
import app.journal.models
import app.library.models
import app.money.models
import app.notices.models
import app.occupancy.models
import app.offers.models
import app.people.models
import app.rooms.models
import app.swap.models
from app.accounts import commands as account_commands
from app.accounts import events as accounts
from app.accounts import views as account_pages
from app.accounts.jobs import FORGET_OLD
from app.accounts.reactions import guard_keys
from app.core import api, check, commands, i18n, upkeep
from app.core.check import Check
from app.core.events import Event, Reaction
from app.core.jobs import Job
from app.core.policy import Actor
from app.demo.commands import demo
from app.home import commands as home_commands
from app.home import views as home_pages
from app.home.events import HouseOpened
from app.houses import events as houses
from app.houses import views as house_pages
from app.journal import queries as journal
from app.journal import views as journal_pages
from app.journal.reactions import record
from app.library import api as library_api
from app.library import commands as library_commands
from app.library import events as lending
from app.library import views as library_pages
from app.library.jobs import FORGET_LOANS, FORGET_TABLES, LAPSE_RESERVATIONS, LOOK_AFTER_CHAINS, REMIND_BORROWERS
from app.library.queries import proof as lending_proof
from app.library.reactions import join_lending_agreements, move_back_from_closing_day, move_off_closing_day
from app.money import api as money_api
from app.money import events as money
from app.money import queries as books
from app.money import views as money_pages
from app.money.jobs import WARN_OF_ENDS
from app.notices import events as notices
from app.notices import queries as letters
from app.notices import reactions as tell
from app.notices import views as notice_pages
from app.notices.jobs import SEND_LETTERS
from app.notices.service import hold_after_restore
from app.offers import events as offers
from app.offers import views as offer_pages
from app.people import api as people_api
from app.people import commands as people_commands
from app.people import events as people
from app.people import views as people_pages
from app.rooms import api as room_api
from app.rooms import commands as room_commands
from app.rooms import events as rooms
from app.rooms import queries as bookings
from app.rooms import views as room_pages
from app.rooms.jobs import CARRY_CALENDARS, LAPSE_WISHES
from app.swap import events as swap
from app.swap import queries as time_bank
from app.swap import views as swap_pages
from app.swap.jobs import ANSWER_HOURS, END_LISTINGS, KEEP_SHELF, LAPSE_CLAIMS
from app.swap.reactions import merge_members

IDENTIFY: Callable[[str], Actor | None] = app.accounts.views.identify
IDENTIFY_TOKEN: Callable[[str], Actor | None] = app.accounts.queries.identify_token
LANGUAGE: Callable[[], str | None] = app.accounts.views.language
PAGES: list[Blueprint] = [
    *home_pages.blueprints,
    *account_pages.blueprints,
    people_pages.blueprint,
    house_pages.pages.blueprint,
    offer_pages.pages.blueprint,
    room_pages.blueprint,
    swap_pages.blueprint,
    library_pages.blueprint,
    money_pages.blueprint,
    notice_pages.pages.blueprint,
    journal_pages.pages.blueprint,
]
APIS: list[Blueprint] = [
    api.description, people_api.blueprint, room_api.blueprint, money_api.blueprint, *library_api.blueprints,
]  # fmt: skip
JOBS: list[Job] = [
    FORGET_OLD, SEND_LETTERS, LAPSE_WISHES, CARRY_CALENDARS, WARN_OF_ENDS,
    LAPSE_CLAIMS, KEEP_SHELF, END_LISTINGS, ANSWER_HOURS,
    LAPSE_RESERVATIONS, LOOK_AFTER_CHAINS, REMIND_BORROWERS, FORGET_LOANS, FORGET_TABLES,
    upkeep.TIDY_UP, upkeep.BACK_UP,
]  # fmt: skip
COMMANDS: list[click.Command] = [
    account_commands.tokens,
    account_commands.accounts,
    people_commands.people,
    room_commands.rooms,
    library_commands.library,
    home_commands.house,
    demo,
    commands.jobs,
    commands.check,
    commands.backup,
    commands.restore,
    commands.rotation,
]
CHECKS: list[Check] = [
    Check("database", check.database),
    Check("guards", check.guards),
    Check("keys", check.keys),
    Check("letters", letters.faults),
    Check("bookings", bookings.faults),
    Check("ledger", books.faults),
    Check("lending", lending_proof.faults),
    Check("time bank", time_bank.faults),
]
RESTORED: list[Executable] = [*hold_after_restore()]
"""What a restored house does to its rows before anybody sees it."""
CONTEXT: list[Callable[[], dict[str, Any]]] = [app.accounts.views.context, home_pages.frame]
READER_KIND: Callable[[], Hashable] = home_pages.reader_kind
TEMPLATE_WORDS: dict[str, Any] = {
    "clock_time": i18n.clock_time,
    "day_name": i18n.day,
    "dotted": i18n.dotted,
    "duration": i18n.duration,
    "hours": i18n.hours,
    "moment": i18n.moment,
    "money": i18n.money,
    "together": i18n.together,
    "wall": i18n.wall,
    "history": journal.history,
}
REACTIONS: Mapping[type[Event], Sequence[Reaction]] = {
    accounts.CodeIssued: [record, tell.send_code],
    accounts.SignedIn: [record],
    accounts.SignInsEnded: [record],
    accounts.SlipIssued: [record],
    accounts.SlipWithdrawn: [record],
    accounts.InvitationIssued: [record, tell.send_invitation],
    accounts.AccountPrepared: [record],
    accounts.PasswordChanged: [record],
    accounts.RoleGranted: [record],
    accounts.RoleWithdrawn: [record],
    accounts.TokenCreated: [record],
    accounts.TokenRevoked: [record],
    HouseOpened: [record],
    people.PersonCreated: [record],
    people.PersonChanged: [record],
    people.CardGiven: [record],
    people.MergeAsked: [guard_keys, join_lending_agreements, merge_members],
    people.PeopleMerged: [record],
    people.HouseholdCreated: [record],
    people.HouseholdChanged: [record],
    people.HouseholdJoined: [record],
    people.HouseholdLeft: [record],
    people.OrganisationCreated: [record],
    people.OrganisationChanged: [record],
    people.OrganisationArchived: [record],
    people.OrganisationReopened: [record],
    people.MemberAdded: [record],
    people.MemberRemoved: [record],
    people.ConsentGiven: [record],
    people.ConsentWithdrawn: [record],
    houses.HouseChanged: [record],
    offers.OpeningHoursChanged: [record],
    offers.ExceptionAdded: [record, move_off_closing_day],
    offers.ExceptionRemoved: [record, move_back_from_closing_day],
    offers.TariffChanged: [record],
    offers.OfferingChanged: [record],
    offers.RuleValueChanged: [record],
    rooms.BookingWished: [record, tell.booking_wished],
    rooms.BookingConfirmed: [record, tell.booking_confirmed],
    rooms.BookingRefused: [record, tell.booking_refused],
    rooms.BookingCancelled: [record, tell.booking_cancelled],
    rooms.BookingLapsed: [record, tell.booking_lapsed],
    rooms.BookingMoved: [record, tell.booking_moved],
    rooms.BookingChanged: [record],
    rooms.ChangeWished: [record, tell.change_wished],
    rooms.ChangeRefused: [record, tell.change_refused],
    rooms.RoomChanged: [record],
    rooms.CalendarImported: [record],
    rooms.FeedRenewed: [record],
    lending.ThingReserved: [record, tell.thing_reserved],
    lending.ReservationWished: [record, tell.reservation_wished],
    lending.ReservationConfirmed: [record, tell.reservation_confirmed],
    lending.ReservationRefused: [record, tell.reservation_refused],
    lending.ReservationCancelled: [record, tell.reservation_cancelled],
    lending.ReservationLapsed: [record, tell.reservation_lapsed],
    lending.ReservationPacked: [record],
    lending.ReservationReady: [record, tell.reservation_ready],
    lending.ReservationAtRisk: [record, tell.reservation_at_risk],
    lending.ReservationSafe: [record, tell.reservation_safe],
    lending.LoanMade: [record, tell.loan_made],
    lending.PieceReturned: [record],
    lending.LoanRenewed: [record, tell.loan_renewed],
    lending.NewDateTold: [record],
    lending.LoanOverdue: [record, tell.loan_overdue],
    lending.LoanDueSoon: [record, tell.loan_due_soon],
    lending.PieceWrittenOff: [record],
    lending.PieceFound: [record],
    lending.PartMissing: [record],
    lending.PartSettled: [record],
    lending.DamageNoted: [record],
    lending.DamageResolved: [record],
    lending.LoansForgotten: [record],
    lending.QueueJoined: [record],
    lending.QueueLeft: [record],
    lending.QueueOffered: [record, tell.queue_offered],
    lending.QueueLapsed: [record, tell.queue_lapsed],
    lending.LendingMoved: [record, tell.lending_moved],
    lending.AgreementMade: [record],
    lending.BorrowerBlocked: [record, tell.borrower_blocked],
    lending.BlockEnded: [record],
    lending.BorrowerApproved: [record],
    lending.ApprovalEnded: [record],
    lending.GuardianConsented: [record],
    lending.GuardianConsentEnded: [record, tell.guardian_consent_ended],
    lending.TermsChanged: [record],
    swap.ThingAnnounced: [record],
    swap.ThingShelved: [record],
    swap.ThingDeclined: [record, tell.thing_declined],
    swap.ThingWithdrawn: [record],
    swap.ThingClaimed: [record],
    swap.ClaimPassed: [record, tell.claim_passed],
    swap.ClaimGivenUp: [record],
    swap.ClaimLapsed: [record],
    swap.ThingTaken: [record],
    swap.ThingSwept: [record],
    swap.MoveCounted: [record],
    swap.MoveUndone: [record],
    swap.MemberJoined: [record],
    swap.MemberLeft: [record],
    swap.ListingPublished: [record, tell.listing_published],
    swap.ListingChanged: [record, tell.listing_changed],
    swap.ListingEnding: [record, tell.listing_ending],
    swap.ListingRenewed: [record],
    swap.ListingLapsed: [record, tell.listing_lapsed],
    swap.ListingEnded: [record, tell.listing_ended],
    swap.ListingAnswered: [record, tell.listing_answered],
    swap.MatchAgreed: [record, tell.match_agreed],
    swap.MatchDeclined: [record, tell.match_declined],
    swap.MatchEnded: [record, tell.match_ended],
    swap.HoursBooked: [record, tell.hours_booked],
    swap.HoursChanged: [record, tell.hours_changed],
    swap.HoursReminded: [record, tell.hours_reminded],
    swap.HoursAccepted: [record, tell.hours_accepted],
    swap.HoursStopped: [record, tell.hours_stopped],
    swap.HoursDisputed: [record, tell.hours_disputed],
    swap.HoursDropped: [record, tell.hours_dropped],
    swap.PotWished: [record],
    swap.PotGranted: [record, tell.pot_granted],
    swap.MinutesGiven: [record],
    swap.GroupThanked: [record],
    swap.MinutesCorrected: [record],
    money.EntryPosted: [record],
    money.EntryReversed: [record],
    money.PeriodLocked: [record],
    money.LedgerAccountChanged: [record],
    money.FundOpened: [record],
    money.FundChanged: [record],
    money.FundClosed: [record],
    money.FundMoneyReceived: [record],
    money.FundMoneyReturned: [record],
    money.FundEnding: [record, tell.fund_ending],
    money.ExpenseRecorded: [record],
    money.ExpenseTakenBack: [record],
    money.ChargeMade: [record],
    money.ChargeCancelled: [record],
    money.ChargeReduced: [record],
    money.ChargeWaived: [record],
    money.PaymentTaken: [record],
    money.PaymentUndone: [record],
    money.RefundPaid: [record],
    money.InvoiceIssued: [record],
    money.OperatorChanged: [record],
    money.DepositAsked: [record],
    money.DepositTaken: [record],
    money.DepositSettled: [record],
    money.DepositDropped: [record],
    money.IncomeKindChanged: [record],
    money.CashDayClosed: [record],
    money.TransitConfirmed: [record],
    lending.ClassChanged: [record],
    lending.ThingAdded: [record],
    lending.ThingChanged: [record],
    lending.ThingPriced: [record],
    lending.PieceAdded: [record],
    lending.PieceChanged: [record],
    lending.PieceWashed: [record],
    lending.PieceTested: [record],
    lending.PieceRetired: [record],
    lending.PieceRestored: [record],
    lending.GiftDecided: [record],
    lending.ThingsImported: [record],
    notices.LetterDone: [record],
    notices.LetterPutBack: [record],
    notices.LetterReleased: [record],
    notices.LetterRerouted: [record],
}
