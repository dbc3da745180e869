"""The use cases of identity, and what they ask of a store."""

from services.identity.handlers.accounts import CreateAccount as CreateAccount
from services.identity.handlers.accounts import ReadProfile as ReadProfile
from services.identity.handlers.accounts import create_account as create_account
from services.identity.handlers.accounts import import_insured as import_insured
from services.identity.handlers.accounts import read_profile as read_profile
from services.identity.handlers.codes import ChooseCode as ChooseCode
from services.identity.handlers.codes import ResetCode as ResetCode
from services.identity.handlers.codes import choose_code as choose_code
from services.identity.handlers.codes import reset_code as reset_code
from services.identity.handlers.ports import Store as Store
from services.identity.handlers.sessions import BeginLogIn as BeginLogIn
from services.identity.handlers.sessions import EndSession as EndSession
from services.identity.handlers.sessions import ListSessions as ListSessions
from services.identity.handlers.sessions import LogIn as LogIn
from services.identity.handlers.sessions import RefreshSession as RefreshSession
from services.identity.handlers.sessions import begin_log_in as begin_log_in
from services.identity.handlers.sessions import end_own_session as end_own_session
from services.identity.handlers.sessions import end_session as end_session
from services.identity.handlers.sessions import list_sessions as list_sessions
from services.identity.handlers.sessions import log_in as log_in
from services.identity.handlers.sessions import refresh_session as refresh_session
from services.identity.handlers.step_up import BeginStepUp as BeginStepUp
from services.identity.handlers.step_up import begin_step_up as begin_step_up
