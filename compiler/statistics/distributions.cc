/* distributions.cc - see distributions.h. */
#include "distributions.h"

#include <cmath>
#include <limits>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace
{
using namespace boost::math::policies;
using Quiet =
    policy<domain_error<ignore_error>, pole_error<ignore_error>, overflow_error<ignore_error>,
           underflow_error<ignore_error>, denorm_error<ignore_error>,
           evaluation_error<ignore_error>, rounding_error<ignore_error>,
           indeterminate_result_error<ignore_error>, promote_double<true>>;

using Normal = boost::math::normal_distribution<double, Quiet>;
using Student = boost::math::students_t_distribution<double, Quiet>;
using ShiftedStudent = boost::math::non_central_t_distribution<double, Quiet>;
using ChiSquare = boost::math::chi_squared_distribution<double, Quiet>;
using Beta = boost::math::beta_distribution<double, Quiet>;
using boost::math::cdf;
using boost::math::complement;
using boost::math::pdf;
using boost::math::quantile;

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool is_probability(double p)
{
    return p >= 0 && p <= 1;
}
} // namespace

double normal_lower(double x)
{
    return std::isnan(x) ? not_a_number : cdf(Normal(), x);
}

double normal_upper(double x)
{
    return std::isnan(x) ? not_a_number : cdf(complement(Normal(), x));
}

double normal_quantile(double p)
{
    return is_probability(p) ? quantile(Normal(), p) : not_a_number;
}

double normal_density(double x)
{
    return std::isnan(x) ? not_a_number : pdf(Normal(), x);
}

double student_upper(double x, double degrees)
{
    return std::isnan(x) || !(degrees > 0) ? not_a_number : cdf(complement(Student(degrees), x));
}

double student_quantile(double p, double degrees)
{
    return !is_probability(p) || !(degrees > 0) ? not_a_number : quantile(Student(degrees), p);
}

double student_shifted_upper(double x, double degrees, double shift)
{
    if (!std::isfinite(x) || !(degrees > 0) || !std::isfinite(shift))
        return not_a_number;
    return cdf(complement(ShiftedStudent(degrees, shift), x));
}

double chi_square_upper(double x, double degrees)
{
    return !(x >= 0) || !(degrees > 0) ? not_a_number : cdf(complement(ChiSquare(degrees), x));
}

double chi_square_quantile(double p, double degrees)
{
    return !is_probability(p) || !(degrees > 0) ? not_a_number : quantile(ChiSquare(degrees), p);
}

double beta_quantile(double p, double a, double b)
{
    return !is_probability(p) || !(a > 0) || !(b > 0) ? not_a_number : quantile(Beta(a, b), p);
}
