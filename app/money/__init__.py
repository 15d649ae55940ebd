"""Money: one ledger nobody can alter, and what the desk and the treasurer do with it.

*Ledger entry* (Buchungssatz): balanced lines in whole cents, numbered without gaps in a year, chained by hashes; corrected by a
*reversal* (Storno), never changed. *Account*: where cents stand. *Dimensions* of a line: sphere, offering, fund, house.
*Charge* (Forderung): what somebody owes, an open item until it is settled by payments, waivers or kept deposits.
*Income kind* (Einnahmeart): what a line of a charge or of a tally is for; it knows account, tax and offering.
*Payment* (Zahlung): money handed over, either way; its receipt has a number. *Refund*: what the house owes back.
*Deposit* (Kaution): somebody else's money in our hands; never income. *Invoice*: a frozen paper about a charge.
*Cash day* (Kassentag): the drawer counted once a day by two people; the counter's takings are what the count says.
*Fund* (Topf): money for a purpose or free; *expense* (Ausgabe): what was paid, for what, out of which fund.
"""
